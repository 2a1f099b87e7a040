// Transactions for these tests: real ones, moved by the protocols.
import type { BranchDefinition, Definition, Entry } from '@concordat/engine';
import { planOf } from '@concordat/engine';
import type { BranchId, Event, Instant, Json } from '@concordat/protocols';
import { advance, beginTransaction, callsOf, isEnded } from '@concordat/protocols';
import { newGtid } from '../support/gtids.js';

const LEASE_MS = 60_000;

/** What may be chosen of a new transaction. */
export interface Chosen {
  readonly gtid?: Entry['gtid'];
  readonly branches?: readonly string[];
  readonly payload?: Json;
  readonly name?: string | null;
  readonly metadata?: Definition['metadata'];
  readonly driven?: boolean;
  readonly at?: number;
  readonly idempotency?: NonNullable<Entry['idempotency']>;
}

/** The first entry of a 2PC; of one without branches, it is the last as well. */
export function begun(chosen: Chosen = {}): Entry & { readonly definition: Definition } {
  const at = (chosen.at ?? Date.now()) as Instant;
  const ids = chosen.branches ?? ['payment', 'shipping'];
  const branches = ids.map((id) => branch(id, chosen.payload ?? { amount: 10 }));
  const deadlineAt = (at + 30_000) as Instant;
  const { name = null, metadata = {}, driven = true, idempotency } = chosen;
  const definition: Definition = {
    protocol: '2pc',
    name,
    metadata,
    begunAt: at,
    deadlineAt,
    traceparent: null,
    branches,
  };
  const plan = { branches: branches.map(planOf), deadline: deadlineAt, driven };
  const transaction = beginTransaction('2pc', plan);
  return {
    gtid: chosen.gtid ?? newGtid(at),
    transaction,
    definition,
    line: { events: [{ type: 'begun' }], opened: callsOf(transaction) },
    attempts: [],
    forced: true,
    stuck: false,
    dueAt: isEnded(transaction) ? null : ((at + LEASE_MS) as Instant),
    at,
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}

/** The entry after `entry`, once `events` have happened. */
export function after(entry: Entry, events: readonly Event[]): Entry {
  const version = entry.transaction.version + 1;
  const { transaction, applied } = advance(entry.transaction, events, version);
  const opened = callsOf(transaction).filter(({ token }) => token === version);
  return {
    gtid: entry.gtid,
    transaction,
    line: { events: applied, opened },
    attempts: [],
    forced: true,
    stuck: false,
    dueAt: isEnded(transaction) ? null : ((entry.at + LEASE_MS) as Instant),
    at: (entry.at + 1) as Instant,
  };
}

/** The next entry: everybody who is asked says yes. */
export function agreed(entry: Entry): Entry {
  const type = entry.transaction.version === 1 ? 'prepared' : 'acknowledged';
  const replies = callsOf(entry.transaction).map(({ branch: id, operation }): Event => ({
    type: 'replied',
    call: { branch: id, operation },
    reply: { type },
  }));
  return after(entry, replies);
}

/** All entries of a 2PC that commits. */
export function committed(chosen: Chosen = {}): readonly [Entry, Entry, Entry] {
  const first = begun(chosen);
  const second = agreed(first);
  return [first, second, agreed(second)];
}

/** The next version of `entry`, in which nothing else is new. */
export function nextVersion(entry: Entry): Entry {
  const { gtid, attempts, stuck, dueAt, at } = entry;
  const transaction = { ...entry.transaction, version: entry.transaction.version + 1 };
  const line = { events: [], opened: [] };
  return { gtid, transaction, line, forced: true, attempts, stuck, dueAt, at };
}

export function branch(id: string, payload: Json = null): BranchDefinition {
  return {
    id: id as BranchId,
    participant: `${id}s`,
    payload,
    dependsOn: [],
    pivot: false,
    onePhase: false,
    timeoutMs: 3_000,
    retry: { attemptsMax: 5, firstDelayMs: 100, delayMaxMs: 10_000 },
  };
}
