/** The words of the field. Every other file uses these and invents no synonyms. */

export type GlobalTransactionId = string & { readonly __brand: 'GlobalTransactionId' };
export type BranchId = string & { readonly __brand: 'BranchId' };

/** Milliseconds since the epoch. The core never reads a clock; instants arrive on events. */
export type Instant = number & { readonly __brand: 'Instant' };

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export type ProtocolName = '2pc' | '3pc' | 'tcc' | 'saga';

type TwoPhaseOperation = 'prepare' | 'commit' | 'rollback' | 'commit-one-phase';
export type ThreePhaseOperation =
  | 'can-commit'
  | 'pre-commit'
  | 'do-commit'
  | 'abort'
  | 'elect'
  | 'pre-abort';
type TccOperation = 'try' | 'confirm' | 'cancel';
type SagaOperation = 'execute' | 'compensate';

/** The literature's verbs, not unified. */
export type Operation = TwoPhaseOperation | ThreePhaseOperation | TccOperation | SagaOperation;

/** What the coordinator has irrevocably chosen, or not yet. */
export type Decision = 'commit' | 'rollback' | 'undecided';

/** How a global transaction ended. Different words, never folded into "failed". */
export type Outcome =
  | 'committed'
  | 'rolled-back'
  | 'partly-compensated' // a saga: some step could not be compensated and stays done
  | 'heuristic-commit' // decided rollback; every branch has committed by itself
  | 'heuristic-rollback' // decided commit; every branch has rolled back by itself
  | 'heuristic-mixed' // some of each
  | 'heuristic-hazard'; // what some branch has done is not known, and will not be

/** A question may be refused; an order may not, and is repeated until it is acknowledged. */
const questions: ReadonlySet<Operation> = new Set<Operation>([
  'prepare',
  'commit-one-phase',
  'can-commit',
  'try',
  'execute',
]);

export const isQuestion = (operation: Operation): boolean => questions.has(operation);

/** States an invariant of our own, in the positive. Stays on in production. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new InvariantViolation(invariant);
}

/** The program is wrong, not the world. Never caught to go on: the worker stops. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

export function unreachable(value: never): never {
  throw new InvariantViolation(`unreachable: ${JSON.stringify(value)}`);
}
