// The port Wakeups, on BullMQ: "look at this transaction at that instant".
//
//   engine ──ring──▶ backlog ──addBulk──▶ delayed job ──▶ worker ──onWake──▶ any engine
//
// A wakeup is only a hint: the journal's `due_at` and the sweep over it are what guarantees that
// every transaction is looked at again. Hence the rules of this library:
//
// W1. Ringing never throws, never waits and never fails: a bell that is broken stays silent.
// W2. A wakeup is never early by the clock that its instant was read from; it may be late, come
//     twice, come after the transaction has ended, or never come.
// W3. What is kept for a queue that does not keep up is bounded, and the rest is dropped.
// W4. Closing takes no longer than it is given, whether or not the queue's server is there.
import type { Clock, Wakeups } from '@concordat/engine';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import { connectPostgres } from './postgres.js';
import { QueuedWakeups } from './queued-wakeups.js';
import { connectRedis } from './redis.js';
import { seldom } from './seldom.js';

export type WakeupsKind =
  | { readonly kind: 'redis'; readonly redisUrl: string }
  /** BullMQ's tables, in a schema of their own beside the journal. */
  | { readonly kind: 'postgres'; readonly databaseUrl: string }
  /** Nobody is woken: every transaction waits for the sweep. */
  | { readonly kind: 'none' };

export type WakeupsOptions = WakeupsKind & {
  /** Looks at the transaction. If it rejects, that is reported and the wakeup is over. */
  readonly onWake: (gtid: GlobalTransactionId) => Promise<void>;
  /** Hears of what goes wrong, seldom: the same trouble is not repeated for some seconds. */
  readonly onTrouble: (where: string, error: unknown) => void;
  /** The clock that the instants of rings are read from; this machine's if absent. */
  readonly clock?: Clock;
};

export interface OpenWakeups {
  /** Silent until `start`. */
  readonly wakeups: Wakeups;
  /** Connects and wakes, in the background: there need not be a server yet. */
  start(): void;
  /** Lets the wakeups under way end, if that is soon, and lets go of every connection (W4). */
  close(timeoutMs: number): Promise<void>;
  /** Whether a ring would be heard now. Nothing but promptness depends on it. */
  isHealthy(): boolean;
}

const TROUBLE_PERIOD_MS = 10_000;

const machineClock: Clock = { now: () => Date.now() as Instant };

export function openWakeups(options: WakeupsOptions): OpenWakeups {
  const { onWake, clock = machineClock } = options;
  const handlers = { onWake, onTrouble: seldom(options.onTrouble, TROUBLE_PERIOD_MS) };
  switch (options.kind) {
    case 'redis':
      return new QueuedWakeups(() => connectRedis(options.redisUrl, handlers), handlers, clock);
    case 'postgres':
      return new QueuedWakeups(
        () => connectPostgres(options.databaseUrl, handlers),
        handlers,
        clock,
      );
    case 'none':
      return silentWakeups;
  }
}

const silentWakeups: OpenWakeups = {
  wakeups: { ring: () => {} },
  start: () => {},
  close: () => Promise.resolve(),
  isHealthy: () => true,
};
