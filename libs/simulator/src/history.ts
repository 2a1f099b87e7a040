// What happened in a run, as plain data: what the checkers read. Whoever can fill it in can use
// them, a test of real processes too.
//
// H1. Only what is durable is a version; only what somebody was told is told; only what a
//     participant's handler did to its resource is an effect. None follows from another here.
import type { Definition, JournalLine } from '@concordat/engine';
import type { Decision, Outcome, ProtocolName } from '@concordat/protocols';

export interface TransactionHistory {
  readonly gtid: string;
  readonly protocol: ProtocolName;
  /** Its initiator's idempotency key, if it had one. */
  readonly key: string | undefined;
  /** Those of its definition that any participant, or the journal, has heard of. */
  readonly branches: readonly BranchHistory[];
  /** As they became durable. */
  readonly versions: readonly VersionHistory[];
  /** In the order in which it was heard. */
  readonly told: readonly Told[];
  /** What people have asked for, and what an instance has answered them. */
  readonly acts: readonly Act[];
}

export interface Act {
  /** The id of its audit line. */
  readonly act: string;
  readonly isDone: boolean;
}

export interface BranchHistory {
  readonly id: string;
  readonly participant: string;
  readonly dependsOn: readonly string[];
  readonly pivot: boolean;
  /** What its effect adds to its participant's balance. The branches of one transaction add 0. */
  readonly amount: number;
  /** How its participant broke the contract over this branch. Empty: it is honest. */
  readonly breaches: readonly string[];
  readonly effects: readonly Effect[];
  readonly calls: CallCounts;
}

/** A breach: a database could not see that what it is told to roll back was committed by hand. */
export const NO_EVIDENCE = 'no evidence';

/** What was done to the resource. A saga's `execute` commits, its `compensate` rolls back. */
export interface Effect {
  readonly type: 'prepared' | 'read-only' | 'committed' | 'rolled-back';
  /** Counts all effects of a run, in the order in which they came about. */
  readonly order: number;
}

export interface CallCounts {
  readonly delivered: number;
  /** Deliveries of a call that had been delivered before. */
  readonly duplicates: number;
  /** Deliveries of a call that is older than one that had been delivered. */
  readonly staleAttempted: number;
  /** Of those, the ones that were answered otherwise than as stale. */
  readonly staleAccepted: number;
}

/** One version of a transaction, as the journal holds it. */
export interface VersionHistory {
  readonly version: number;
  readonly phase: string;
  readonly decision: Decision;
  readonly outcome: Outcome | undefined;
  readonly dueAt: number | null;
  readonly stuck: boolean;
  /** JSON of the protocol's state, its tokens and its results. */
  readonly state: string;
  /** The keys of the outstanding calls: `operation[@ballot]:branch`. */
  readonly outstanding: readonly string[];
  readonly line: JournalLine;
  readonly isPaused: boolean;
  /** The ids of the audit lines that were written with it. */
  readonly audit: readonly string[];
  /** Where it has changed. */
  readonly definition: Definition | undefined;
}

/** Somebody has heard of a decision, or that there is none yet. */
export interface Told {
  /** `initiator`: by the coordinator's API; `participant`: by an order that it was given. */
  readonly whom: 'initiator' | 'participant';
  /** `unknown`: there is no such transaction. */
  readonly decision: Decision | 'unknown';
  /** If it was said to have ended. */
  readonly outcome: Outcome | undefined;
}

/** Empty if all is well; else what is wrong, one sentence each, naming the transaction. */
export type Complaints = readonly string[];

export type Checker = (transaction: TransactionHistory) => Complaints;

export function isHonest({ breaches }: BranchHistory): boolean {
  return breaches.every((breach) => breach === NO_EVIDENCE); // by itself, it breaks no promise
}

export function lastVersionOf({ versions }: TransactionHistory): VersionHistory | undefined {
  return versions.at(-1);
}

export function has({ effects }: BranchHistory, type: Effect['type']): boolean {
  return effects.some((effect) => effect.type === type);
}
