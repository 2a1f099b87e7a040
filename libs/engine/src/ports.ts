// The doors to the outside: what the engine needs, not what Postgres, HTTP or Redis can do.
// Production opens them on those; the simulator opens them on itself.
import type {
  BranchId,
  GlobalTransactionId,
  Instant,
  Json,
  Operation,
  Reply,
  Standing,
  TokenedCall,
  Transaction,
  TransactionEvent,
} from '@concordat/protocols';
import type { AuditLine } from './audit.js';
import type { Definition, ParticipantRef } from './definition.js';

export interface Ports {
  readonly journal: Journal;
  readonly agenda: Agenda;
  readonly participants: Participants;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly observer: Observer;
}

/** The coordinator's log: durable, ordered within a transaction, changed by compare-and-set. */
export interface Journal {
  /**
   * Writes one version of one transaction: its state and the line of history that led there.
   * Appends of different transactions that are asked for together share one commit.
   * The caller never has two appends of the same transaction under way.
   *
   * Resolves `appended` once durable; `conflict` if `entry.transaction.version` is not the next
   * version of the row, or if the idempotency key is taken. Nothing was written then.
   * Rejects with JournalUnavailable if it is not known whether it was written: read it back.
   */
  append(entry: Entry): Promise<'appended' | 'conflict'>;
  /**
   * The transaction, unfinished or ended; undefined if it was never heard of or is forgotten.
   * What it says is as durable as an append that has resolved, for somebody will be told it.
   */
  load(gtid: GlobalTransactionId): Promise<Record | undefined>;
  /** Which transaction a begin with this key has made, and a digest of its body. */
  findByKey(key: string): Promise<{ gtid: GlobalTransactionId; digest: string } | undefined>;
}

/** When somebody must look again. `dueAt` is the lease too: nobody else looks before it. */
export interface Agenda {
  /**
   * Keeps what failed attempts have left behind, without a new version. Rows that are not at
   * `version` any more, or have ended, stay as they are. Shares commits like `append`.
   */
  postpone(postponement: Postponement): Promise<Postponed>;
  /**
   * Takes up to `limit` unfinished transactions that are due, oldest first, and leases them to
   * the caller until `leaseMs` from now, by the database's clock. What another instance is
   * taking at this moment is skipped.
   */
  takeDue(limit: number, leaseMs: number): Promise<readonly Record[]>;
  /** The same for one transaction: undefined if it is not due, ended, or being taken. */
  take(gtid: GlobalTransactionId, leaseMs: number): Promise<Record | undefined>;
  /** Makes everything that this instance has leased due at once: another may go on. */
  handOver(): Promise<void>;
}

export interface Record {
  readonly gtid: GlobalTransactionId;
  readonly transaction: Transaction;
  readonly definition: Definition;
  readonly attempts: Attempts;
  readonly endedAt: Instant | null;
}

export interface Entry {
  readonly gtid: GlobalTransactionId;
  /** At its new version: the row must be at the one before it, or absent if this is 1. */
  readonly transaction: Transaction;
  /** The definition as of this version; absent where it has not changed. Version 1 has one. */
  readonly definition?: Definition;
  readonly line: JournalLine;
  /**
   * False: the transaction has ended with this version, and nobody has to be told anything of it
   * that could not be found out again (X2 in transaction.ts, F3 in flight.ts). It is visible once
   * `append` resolves, and may be lost if the database fails.
   */
  readonly forced: boolean;
  readonly attempts: Attempts;
  /** Some call has failed so often that a person should know. */
  readonly stuck: boolean;
  /** When somebody must look again; null exactly if the transaction has ended. */
  readonly dueAt: Instant | null;
  /** The engine's instant of this append, by the database's clock. */
  readonly at: Instant;
  /** What people have done that led here: written in the same commit, or nothing is. */
  readonly audit?: readonly AuditLine[];
  /** Version 1 only. */
  readonly idempotency?: { readonly key: string; readonly digest: string };
}

/** One line of history: what was learnt, in order, and which calls that opened. */
export interface JournalLine {
  readonly events: readonly (TransactionEvent | { readonly type: 'begun' })[];
  readonly opened: readonly TokenedCall[];
}

/** `gone-on`: nothing was kept. Another instance has written a newer version, or has ended it. */
export type Postponed = 'postponed' | 'gone-on';

export interface Postponement {
  readonly gtid: GlobalTransactionId;
  readonly version: number;
  readonly attempts: Attempts;
  readonly stuck: boolean;
  readonly dueAt: Instant;
}

/** By branch: the call it is at, or was at last. A call that succeeds at once leaves none. */
export type Attempts = readonly Attempt[];

export interface Attempt {
  readonly branch: BranchId;
  readonly operation: Operation;
  readonly token: number;
  /** How often it was asked, the one under way not included. */
  readonly count: number;
  readonly lastError: string;
  readonly lastErrorAt: Instant;
  readonly nextAttemptAt: Instant;
}

export interface Participants {
  /**
   * Asks a participant, once. Never rejects: every way of not getting a reply is an answer, and
   * is in doubt. Ends within `timeoutMs`.
   */
  ask(question: Question): Promise<Answer>;
}

/** One call, with all that its participant is to be told. */
export interface Question {
  readonly gtid: GlobalTransactionId;
  readonly definition: Pick<Definition, 'protocol' | 'traceparent'>;
  readonly call: TokenedCall;
  readonly participant: ParticipantRef;
  readonly payload: Json;
  /** What this branch's own forward operation answered. */
  readonly result: Json | undefined;
  /** Saga: what the branches that it depends on have answered. */
  readonly results: { readonly [branch: string]: Json } | undefined;
  /** 3PC: who takes part and how many make a quorum; travels with `can-commit`. */
  readonly roster: Roster | undefined;
  readonly timeoutMs: number;
}

export interface Roster {
  readonly members: readonly { readonly branch: BranchId; readonly participant: ParticipantRef }[];
  readonly quorum: number;
  readonly deadlineAt: Instant;
}

export type Answer =
  /** Decoded and of a kind that the operation can have. `note` is for people. */
  | {
      readonly type: 'reply';
      readonly reply: Reply;
      readonly result?: Json;
      readonly note?: string;
    }
  /** Still working: ask again with the same token. */
  | {
      readonly type: 'working';
      readonly retryAfterMs: number | undefined;
      /** Why, if it is not the participant's own word: such as that a person has paused it. */
      readonly reason?: string;
      /** Nobody was asked: this is no call, and is neither counted nor timed as one. */
      readonly unsent?: true;
    }
  /** An order that the participant says it cannot obey (409): stays outstanding, is stuck. */
  | { readonly type: 'balked'; readonly reason: string }
  /** The participant has seen a higher token (410). */
  | { readonly type: 'stale' }
  /** Nothing that can be decoded: not a no. */
  | { readonly type: 'in-doubt'; readonly reason: string };

export type { Standing };

/** Rings when a transaction should be looked at again. Losing a ring costs only promptness. */
export interface Wakeups {
  /** Never rejects, never waits for long: a bell that is broken stays silent. */
  ring(rings: readonly { readonly gtid: GlobalTransactionId; readonly at: Instant }[]): void;
}

export interface Clock {
  /** The database's time, as well as this process knows it. Grows steadily. */
  now(): Instant;
}

export interface Timers {
  /** Runs `run` once, `delayMs` from now, unless the function that it returns is called first. */
  after(delayMs: number, run: () => void): () => void;
}

export interface Ids {
  /** A new id that grows with time (UUID version 7). */
  next(): GlobalTransactionId;
}

/** What people may want to know while it happens: logs and metrics. Never decides anything. */
export interface Observer {
  appended(entry: Entry): void;
  answered(question: Question, answer: Answer, tookMs: number): void;
  troubled(where: string, error: unknown): void;
}
