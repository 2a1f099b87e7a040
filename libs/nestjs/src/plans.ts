// From what decorators say to what can be run; or everything that is wrong with it, at once.
//
//   declared classes ──▶ plans             or a line for each fault, which says what to add
//
// F1. A step that may have to be undone says by what, or that it leaves nothing behind. Which those
//     are: all that do not come after the pivot, and are not the pivot; all, where there is none.
// F2. Whatever has a name has it for itself: a saga's steps are participants like all others, as
//     `saga.step`.
// F3. Without a database nobody keeps what was prepared, so its author must say how it is ended.
import { isId } from '@concordat/wire';
import type {
  Class,
  ClassMark,
  Declared,
  MethodMark,
  ParticipantOperation,
  StepOptions,
} from './marks.js';
import type { Parse } from './words.js';

interface Common {
  readonly type: Class;
  readonly name: string;
  readonly database: string | undefined;
  readonly parse: Parse | undefined;
}

export interface SagaPlan extends Common {
  readonly kind: 'saga';
  readonly steps: readonly StepPlan[];
}

export interface StepPlan {
  /** The method, and the branch. */
  readonly id: string;
  /** As which the coordinator knows it. */
  readonly participant: string;
  /** The method that undoes it; undefined: nothing has to be. */
  readonly compensate: string | undefined;
  readonly dependsOn: readonly string[];
  readonly pivot: boolean;
  readonly timeoutMs: number | undefined;
  readonly retry: StepOptions['retry'];
}

export interface ParticipantPlan extends Common {
  readonly kind: 'tcc' | '2pc';
  readonly methods: { readonly [operation in ParticipantOperation]?: string };
}

export type Plan = SagaPlan | ParticipantPlan;

/** What the application has beside its classes. */
export interface Surroundings {
  readonly mode: 'embedded' | 'client';
  readonly databases: ReadonlySet<string>;
  /** Participants that are registered otherwise. */
  readonly taken: ReadonlySet<string>;
  /** Whether a global transaction can reach anything beside the application's databases. */
  readonly propagates: boolean;
}

export interface Planned {
  readonly plans: readonly Plan[];
  /** For people; the plans are of use only if this is empty. */
  readonly faults: readonly string[];
}

const NAME_RULE = '1 to 64 characters of A-Z a-z 0-9 _ . -';

export function planned(classes: readonly Declared[], surroundings: Surroundings): Planned {
  const results = classes.map((declared) => {
    const faults = new Faults(declared.type.name);
    const plan = planOf(declared, surroundings, faults);
    return { plan, faults: faults.lines };
  });
  const plans = results.flatMap(({ plan }) => plan ?? []);
  const faults = results.flatMap((result) => result.faults);
  return { plans, faults: [...faults, ...sharedNames(plans, surroundings)] };
}

class Faults {
  readonly lines: string[] = [];
  constructor(private readonly className: string) {}
  add(fault: string): void {
    this.lines.push(`${this.className}${fault}`);
  }
}

function planOf(declared: Declared, surroundings: Surroundings, faults: Faults): Plan | undefined {
  const { classMarks, methodMarks, type } = declared;
  guardedMethods(methodMarks, surroundings, faults);
  const [mark, second] = classMarks;
  if (second !== undefined) faults.add(': is two things at once: leave one class decorator');
  if (mark === undefined) {
    for (const { method } of methodMarks.filter(isOperation)) {
      faults.add(`.${method}: add @Saga, @TccParticipant or @TwoPhaseParticipant to the class`);
    }
    return undefined;
  }
  classFaults(mark, surroundings, faults);
  const { name, database, parse } = mark;
  const common = { type, name, database, parse };
  if (mark.kind === 'saga') return { ...common, kind: 'saga', steps: stepsOf(declared, faults) };
  return { ...common, kind: mark.kind, methods: methodsOf(mark, methodMarks, faults) };
}

function isOperation({ type }: MethodMark): boolean {
  return type !== 'global-transaction';
}

function guardedMethods(
  marks: readonly MethodMark[],
  { mode, databases, propagates }: Surroundings,
  faults: Faults,
): void {
  const reachesNothing = mode === 'client' ? !propagates : databases.size === 0;
  const add = mode === 'client' ? 'propagateTo' : 'databases';
  for (const { type, method } of marks) {
    if (type === 'global-transaction' && reachesNothing) {
      faults.add(`.${method}: @GlobalTransaction reaches nothing: give ConcordatModule ${add}`);
    }
  }
}

function classFaults({ name, database }: ClassMark, { databases }: Surroundings, faults: Faults) {
  if (!isName(name)) faults.add(`: "${name}" is no name: ${NAME_RULE}`);
  if (database === undefined || databases.has(database)) return;
  const known = databases.size === 0 ? 'it has none' : `it has ${[...databases].join(', ')}`;
  faults.add(`: add the database "${database}" to ConcordatModule's databases: ${known}`);
}

function stepsOf(declared: Declared, faults: Faults): readonly StepPlan[] {
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
    if (compensate !== undefined && !hasMethod(compensate)) {
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

const NEEDED = {
  tcc: ['try', 'confirm', 'cancel'],
  '2pc': ['prepare', 'commit', 'rollback'],
} as const;

function methodsOf(
  { kind, database }: ClassMark,
  marks: readonly MethodMark[],
  faults: Faults,
): ParticipantPlan['methods'] {
  const needed: readonly ParticipantOperation[] = kind === 'saga' ? [] : NEEDED[kind];
  const methods: { [operation in ParticipantOperation]?: string } = {};
  for (const mark of marks) {
    if (mark.type === 'step') faults.add(`.${mark.method}: only a saga has steps: use @Saga`);
    if (mark.type !== 'operation') continue;
    const { operation, method } = mark;
    const decorator = decoratorOf(operation);
    if (!needed.includes(operation)) faults.add(`.${method}: ${decorator} is of another protocol`);
    if (methods[operation] !== undefined) faults.add(`.${method}: is a second ${decorator}`);
    methods[operation] = method;
  }
  for (const method of repeatedIn(Object.values(methods))) {
    faults.add(`.${method}: has two decorators: each operation needs a method of its own`);
  }
  const keepsItself = kind === '2pc' && database !== undefined; // F3
  for (const operation of needed) {
    const isNeeded = operation === 'prepare' || !keepsItself;
    const has = methods[operation] !== undefined;
    if (isNeeded && !has) faults.add(`: has no method with ${decoratorOf(operation)}: add one`);
    if (!isNeeded && has) faults.add(`.${methods[operation]}: the database does that: drop it`);
  }
  return methods;
}

function decoratorOf(operation: ParticipantOperation): string {
  return `@${operation.charAt(0).toUpperCase()}${operation.slice(1)}`;
}

/** F2. Sagas have names among themselves; what they register is the names of their steps. */
function sharedNames(
  plans: readonly Plan[],
  { taken, databases }: Surroundings,
): readonly string[] {
  const sagas = repeatedIn(plans.flatMap((plan) => (plan.kind === 'saga' ? [plan.name] : [])));
  const others = plans.filter((plan) => plan.kind !== 'saga' || !sagas.includes(plan.name));
  const shared = repeatedIn(others.flatMap((plan) => [...registeredBy(plan)]));
  const bothAre = (name: string, owners: readonly Plan[]): string =>
    `${owners.map(({ type }) => type.name).join(' and ')}: are all called "${name}": rename one`;
  return [
    ...sagas.map((name) =>
      bothAre(
        name,
        plans.filter((plan) => plan.kind === 'saga' && plan.name === name),
      ),
    ),
    ...shared.map((name) =>
      bothAre(
        name,
        others.filter((plan) => registeredBy(plan).has(name)),
      ),
    ),
    ...others.flatMap((plan) =>
      [...registeredBy(plan)]
        .filter((name) => taken.has(name) || databases.has(name))
        .map((name) => `${plan.type.name}: "${name}" is registered otherwise too: rename one`),
    ),
  ];
}

/** The participants that a plan makes, by their names. */
function registeredBy(plan: Plan): ReadonlySet<string> {
  if (plan.kind !== 'saga') return new Set([plan.name]);
  return new Set(plan.steps.map(({ participant }) => participant));
}

function repeatedIn(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function isName(text: string): boolean {
  return isId(text);
}
