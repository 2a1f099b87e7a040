// What operations need of the world. The coordinator and an application that has it inside open
// these doors alike.
import type {
  AuditLine,
  Clock,
  Engine,
  Participants,
  Record as TransactionRecord,
  ResourceManager,
  Timers,
} from '@concordat/engine';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import type { Recovery } from '@concordat/recovery';
import type { Pauses } from './participants/pauses.js';
import type { Views } from './triage/ports.js';

/** One statement, prepared by name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Run = <Row extends object>(
  statement: Statement,
  values: readonly unknown[],
) => Promise<readonly Row[]>;

/** What is kept beside the journal, in its database. Rejects with JournalUnavailable. */
export interface Store {
  readonly run: Run;
  /** Does `work` and writes the line in one commit; what `work` throws undoes both. */
  readonly audited: <T>(line: AuditLine, work: (run: Run) => Promise<T>) => Promise<T>;
}

/** Who is registered, for people. */
export interface RegisteredParticipant {
  readonly name: string;
  readonly kind: 'http' | 'postgres' | 'mysql' | 'queue' | 'in-process';
  /** Without anything secret. */
  readonly address: string;
}

export interface OperationsPorts {
  readonly engine: Pick<Engine, 'intervene' | 'arrive' | 'find' | 'written'>;
  readonly store: Store;
  readonly recovery: Pick<Recovery, 'statuses' | 'scan' | 'selfTest'>;
  readonly resourceManagers: readonly ResourceManager[];
  readonly participants: Participants;
  /** Who is held back. Started by whoever has made the engine with it. */
  readonly pauses: Pauses;
  /** A transaction begun before this may have been forgotten; null if none has been yet. */
  readonly forgottenBefore: () => Promise<Instant | null>;
  /** The representations that the public API has too. */
  readonly views: Views;
  readonly registered: () => readonly RegisteredParticipant[];
  readonly cluster: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: { readonly next: () => string };
  readonly troubled: (where: string, error: unknown) => void;
}

export type { GlobalTransactionId, Instant, TransactionRecord };
