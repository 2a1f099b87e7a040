// From the methods with `@Step` to the steps of a saga, in an order that can be kept.
//
// F1. A step that may have to be undone says by what, or that it leaves nothing behind. Which those
//     are: all that do not come after the pivot, and are not the pivot; all, where there is none.
import type { Faults } from './faults.js';
import { isName, NAME_RULE, repeatedIn } from './faults.js';
import type { Declared } from './marks.js';
import type { StepPlan } from './plans.js';
import { limitFaults } from './saga-limits.js';

export function stepsOf(declared: Declared, faults: Faults): readonly StepPlan[] {
  const faultsBefore = faults.lines.length;
  const saga = declared.classMarks[0]?.name ?? '';
  for (const mark of declared.methodMarks) {
    if (mark.type === 'operation') faults.add(`.${mark.method}: a saga has only steps: use @Step`);
  }
  const marks = declared.methodMarks.filter((mark) => mark.type === 'step');
  if (marks.length === 0) faults.add(': has no step: add @Step to a method');
  const repeated = repeatedIn(marks.map(({ method }) => method));
  for (const method of repeated) faults.add(`.${method}: is a step twice: leave one @Step`);
  const steps = marks.map(({ method: id, options }, index) => {
    const before = marks[index - 1]?.method;
    const participant = `${saga}.${id}`;
    if (isName(saga) && !isName(participant)) {
      faults.add(`.${id}: "${participant}" is no name for it: ${NAME_RULE}`);
    }
    return {
      id,
      participant,
      pivot: options.pivot ?? false,
      dependsOn: options.after ?? (before === undefined ? [] : [before]),
      compensate: options.compensate === 'nothing' ? undefined : options.compensate,
      timeoutMs: options.timeoutMs,
      retry: options.retry,
    };
  });
  const saidNothing = new Set(
    marks.flatMap(({ method, options }) => (options.compensate === undefined ? [method] : [])),
  );
  orderFaults(steps, faults);
  compensationFaults(steps, saidNothing, declared, faults);
  if (steps.length > 0 && faults.lines.length === faultsBefore)
    limitFaults({ steps }).forEach((fault) => faults.add(fault));
  return steps;
}

function orderFaults(steps: readonly StepPlan[], faults: Faults): void {
  const ids = new Set(steps.map(({ id }) => id));
  for (const { id, dependsOn } of steps) {
    for (const other of dependsOn.filter((one) => !ids.has(one))) {
      faults.add(`.${id}: comes after "${other}", which is no step: it has ${[...ids].join(', ')}`);
    }
  }
  const circle = steps.filter(({ id }) => comeAfter(steps, id).has(id));
  if (circle.length > 0) {
    faults.add(`: ${circle.map(({ id }) => id).join(', ')} wait for each other: change after`);
  }
  const pivots = steps.filter(({ pivot }) => pivot);
  if (pivots.length > 1) {
    faults.add(
      `: has ${pivots.length} pivots, ${pivots.map(({ id }) => id).join(', ')}: leave one`,
    );
  }
}

/** F1. */
function compensationFaults(
  steps: readonly StepPlan[],
  saidNothing: ReadonlySet<string>,
  { hasMethod }: Declared,
  faults: Faults,
): void {
  const pivot = steps.find((step) => step.pivot);
  const retried = pivot === undefined ? new Set() : comeAfter(steps, pivot.id);
  for (const { id, compensate } of steps) {
    const isUndone = id !== pivot?.id && !retried.has(id);
    if (compensate === id) {
      faults.add(`.${id}: is compensated by itself: name a method that undoes it`);
    } else if (compensate !== undefined && !hasMethod(compensate)) {
      faults.add(`.${id}: is compensated by "${compensate}", which is no method: add it`);
    } else if (compensate !== undefined && !isUndone) {
      faults.add(`.${id}: is never undone, after the pivot: drop compensate: '${compensate}'`);
    } else if (isUndone && saidNothing.has(id)) {
      faults.add(
        `.${id}: may have to be undone: add compensate: '<a method>', or 'nothing' if it leaves ` +
          'nothing behind',
      );
    }
  }
}

/** The steps that come after `id`, directly or not; itself among them if they make a circle. */
function comeAfter(steps: readonly StepPlan[], id: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [id];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const before = one;
    for (const step of steps.filter(({ dependsOn }) => dependsOn.includes(before))) {
      if (found.has(step.id)) continue;
      found.add(step.id);
      open.push(step.id);
    }
  }
  return found;
}
