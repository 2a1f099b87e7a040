// What operations need of the world. The coordinator and an application that has it inside open
// these doors alike.
import type { Store } from '@concordat/access';
import type {
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

export type { Run, Statement, Store } from '@concordat/access';
export type { GlobalTransactionId, Instant, TransactionRecord };
