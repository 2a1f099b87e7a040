// What decorators leave on a class: what it says of itself, and nothing that has been checked.
//
// K1. Kept beside the prototypes, and read along their chain: a subclass has what its parents say.
// K2. What is said of a static method is kept beside the class itself: no instance has it.
import type { Parse } from './words.js';

export type Kind = 'saga' | 'tcc' | '2pc';

/** Of a class: that it takes part, and as whom. */
export interface ClassMark {
  readonly kind: Kind;
  readonly name: string;
  /** Whose barrier stands before its methods; undefined: nothing does. */
  readonly database: string | undefined;
  readonly parse: Parse | undefined;
}

export interface StepOptions {
  /** Undoes it: the name of a method, or `nothing` if it leaves nothing behind. */
  readonly compensate?: string;
  /** The steps that must be done first; absent: the one that stands before it. */
  readonly after?: readonly string[];
  /** Once it is done nothing is undone any more, and what comes after it is retried. */
  readonly pivot?: boolean;
  /** Of one call. */
  readonly timeoutMs?: number;
  readonly retry?: {
    readonly attemptsMax?: number | null;
    readonly firstDelayMs?: number;
    readonly delayMaxMs?: number;
  };
}

const participantOperations = [
  'try',
  'confirm',
  'cancel',
  'prepare',
  'commit',
  'rollback',
] as const;
export type ParticipantOperation = (typeof participantOperations)[number];

/** Of a method. */
export type MethodMark =
  | { readonly type: 'step'; readonly method: string; readonly options: StepOptions }
  | {
      readonly type: 'operation';
      readonly method: string;
      readonly operation: ParticipantOperation;
    }
  | { readonly type: 'global-transaction'; readonly method: string };

/** A class whose instances are made by somebody else. */
export type Class<Instance extends object = object> = abstract new (...args: never) => Instance;

/** A class with all that its decorators say. */
export interface Declared {
  readonly type: Class;
  readonly classMarks: readonly ClassMark[];
  readonly methodMarks: readonly MethodMark[];
  /** Static ones with a decorator of ours, which none can have (K2). */
  readonly staticMethods: readonly string[];
  readonly hasMethod: (name: string) => boolean;
}

interface Marks {
  readonly ofClass: ClassMark[];
  readonly ofMethods: MethodMark[];
}

const marks = new WeakMap<object, Marks>();

export function markClass({ prototype }: Class, mark: ClassMark): void {
  marksOn(prototype as object).ofClass.push(mark);
}

/** @param target the prototype; of a static method, the class (K2) */
export function markMethod(target: object, mark: MethodMark): void {
  marksOn(target).ofMethods.push(mark);
}

/** @returns undefined if no decorator of ours has said anything of it */
export function declaredBy(type: Class): Declared | undefined {
  const { prototype } = type as { readonly prototype: unknown };
  if (typeof prototype !== 'object' || prototype === null) return undefined;
  const found = chainOf(prototype).flatMap((link) => marks.get(link) ?? []);
  const ofStatics = chainOf(type).flatMap((link) => marks.get(link)?.ofMethods ?? []);
  if (found.length === 0 && ofStatics.length === 0) return undefined;
  return {
    type,
    classMarks: found.flatMap(({ ofClass }) => ofClass),
    methodMarks: found.flatMap(({ ofMethods }) => ofMethods),
    staticMethods: ofStatics.map(({ method }) => method),
    hasMethod: (name) => typeof (prototype as Record<string, unknown>)[name] === 'function',
  };
}

/** K1. Parents first, as their steps come first. */
function chainOf(link: object): readonly object[] {
  const parent = Object.getPrototypeOf(link) as object | null;
  return parent === null ? [link] : [...chainOf(parent), link];
}

function marksOn(prototype: object): Marks {
  const known = marks.get(prototype);
  if (known !== undefined) return known;
  const made: Marks = { ofClass: [], ofMethods: [] };
  marks.set(prototype, made);
  return made;
}
