// From what decorators say to what can be run; or everything that is wrong with it, at once.
//
//   declared classes ──▶ plans             or a line for each fault, which says what to add
//
// F1. What steps must be stands in saga-steps.ts.
// F2. Whatever has a name has it for itself: a saga's steps are participants like all others, as
//     `saga.step`.
// F3. Without a database nobody keeps what was prepared, so its author must say how it is ended.
// F4. In the local transaction of a barrier no global one can begin.
import { Faults, isName, NAME_RULE, repeatedIn } from './faults.js';
import type {
  Class,
  ClassMark,
  Declared,
  MethodMark,
  ParticipantOperation,
  StepOptions,
} from './marks.js';
import { stepsOf } from './saga-steps.js';
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

function planOf(declared: Declared, surroundings: Surroundings, faults: Faults): Plan | undefined {
  const { classMarks, methodMarks, staticMethods, type } = declared;
  for (const method of staticMethods) {
    faults.add(`.${method}: is static, and no instance has it: drop static, or the decorator`);
  }
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
  const plan: Plan =
    mark.kind === 'saga'
      ? { ...common, kind: 'saga', steps: stepsOf(declared, faults) }
      : { ...common, kind: mark.kind, methods: methodsOf(mark, methodMarks, faults) };
  barredMethods(plan, methodMarks, faults);
  return plan;
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

/** F4. */
function barredMethods(plan: Plan, marks: readonly MethodMark[], faults: Faults): void {
  const { database } = plan;
  if (database === undefined) return;
  const called = calledBy(plan);
  for (const { type, method } of marks) {
    if (type !== 'global-transaction' || !called.has(method)) continue;
    faults.add(
      `.${method}: is in a local transaction of "${database}" already: drop @GlobalTransaction, ` +
        'or the database of the class',
    );
  }
}

function calledBy(plan: Plan): ReadonlySet<string> {
  if (plan.kind !== 'saga') return new Set(Object.values(plan.methods));
  return new Set(plan.steps.flatMap(({ id, compensate = id }) => [id, compensate]));
}

function classFaults({ name, database }: ClassMark, { databases }: Surroundings, faults: Faults) {
  if (!isName(name)) faults.add(`: "${name}" is no name: ${NAME_RULE}`);
  if (database === undefined || databases.has(database)) return;
  const known = databases.size === 0 ? 'it has none' : `it has ${[...databases].join(', ')}`;
  faults.add(`: add the database "${database}" to ConcordatModule's databases: ${known}`);
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
