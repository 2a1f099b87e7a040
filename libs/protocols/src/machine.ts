// What a protocol is.
//
//   event ──▶ apply(state, event) ──▶ state ──▶ outstanding(state) ──▶ commands for the shell
//
// A protocol is two pure functions. `apply` says what has happened; `outstanding` says what is
// therefore still to be done. Commands, retries, timeouts and crash recovery all follow from the
// second: a protocol cannot forget to resend after a crash, for recovery is `outstanding(state)`.
//
// M1. `apply` is total: an event that says nothing new returns the very same state object.
// M2. At most one call is outstanding per branch.
// M3. Nothing is outstanding if and only if the state has ended, or waits for its initiator alone.
import type { BranchId, Decision, Instant, Json, Operation, Outcome } from './vocabulary.js';

/** What a protocol must know of a branch; payload and participant are the shell's business. */
export interface BranchPlan {
  readonly id: BranchId;
  /** Saga: the steps that must be done before this one. Other protocols ignore it. */
  readonly dependsOn: readonly BranchId[];
  /** Saga: the step after which nothing is compensated. */
  readonly pivot: boolean;
  /** 2PC: its participant repeats its recorded answer, so it can be asked for its outcome. */
  readonly onePhase: boolean;
}

/** What a 3PC participant says of itself when it is asked to obey a ballot. */
export interface Standing {
  readonly state: 'ready' | 'pre-committed' | 'pre-aborted' | 'committed' | 'aborted';
  /** The highest ballot it has promised to obey. */
  readonly lastElected: number;
  /** The ballot of the last pre-commit or pre-abort it obeyed. */
  readonly lastAttempt: number;
}

/** A decoded reply. An answer that cannot be decoded is in doubt, and is no reply. */
export type Reply =
  | { readonly type: 'prepared' | 'read-only' | 'refused' } // votes
  | { readonly type: 'tried' | 'done' } // TCC try, saga execute
  | { readonly type: 'acknowledged' }
  | { readonly type: 'heuristic-commit' | 'heuristic-rollback' }
  | { readonly type: 'heuristic-mixed' | 'heuristic-hazard' }
  | { readonly type: 'standing'; readonly standing: Standing }; // 3PC: elect, or superseded

/** A call to make. Data only; nothing here performs it. */
export interface Call {
  readonly branch: BranchId;
  readonly operation: Operation;
  /** 3PC: the ballot that the call speaks for. Other protocols have none. */
  readonly ballot?: number;
  /** 3PC, `elect`: the caller knows that every member has voted. */
  readonly voted?: true;
  /** Saga: it comes after the pivot, so it is asked until it is done. A refusal changes nothing. */
  readonly retriable?: true;
}

/** Everything that can happen to a global transaction after it has begun. */
export type Event =
  | { readonly type: 'enlisted'; readonly branches: readonly BranchPlan[] }
  | { readonly type: 'commit-requested' }
  | { readonly type: 'rollback-requested' }
  | Replied
  /** A question was asked as often as its initiator allows, and is still in doubt. */
  | { readonly type: 'exhausted'; readonly call: Call }
  | { readonly type: 'woken'; readonly at: Instant };

export interface Replied {
  readonly type: 'replied';
  readonly call: Call;
  readonly reply: Reply;
  readonly result?: Json;
  /** A person has answered in the participant's place. */
  readonly by?: 'person';
}

export interface Outstanding {
  readonly calls: readonly Call[];
  /** The event `woken` is due at this instant; absent where no deadline can change anything. */
  readonly wakeAt?: Instant;
}

export interface Beginning {
  readonly branches: readonly BranchPlan[];
  /** Until there must be a decision (2PC, 3PC, TCC), or until forward progress stops (Saga). */
  readonly deadline: Instant;
  /** False: stay `active`, let branches enlist, wait for the initiator's wish. */
  readonly driven: boolean;
}

/** What people and participants are told of a state. */
export interface Summary {
  readonly phase: string;
  readonly decision: Decision;
  /** Present if and only if `phase` is `ended`. */
  readonly outcome: Outcome | undefined;
  readonly branches: readonly { readonly id: BranchId; readonly state: string }[];
}

export interface Machine<State> {
  begin(beginning: Beginning): State;
  apply(state: State, event: Event): State;
  outstanding(state: State): Outstanding;
  summarize(state: State): Summary;
}

/** Identifies a call among those of its transaction: equal key, same call. */
export function callKey(call: Call): string {
  const ballot = call.ballot === undefined ? '' : `@${call.ballot}`;
  return `${call.operation}${ballot}:${call.branch}`;
}
