// A transaction as the read side has it: the engine's record, and what stands beside it in the row.
import type { Definition, Record as TransactionRecord } from '@concordat/engine';
import type { Attempts } from '@concordat/engine';
import type { GlobalTransactionId, Instant, Transaction } from '@concordat/protocols';

export interface StoredTransaction extends TransactionRecord {
  readonly tenant: string;
  /** Which instance last advanced or leased it. For people; safety never rests on it. */
  readonly owner: string;
  readonly stuck: boolean;
}

/** What the statements of this folder return of a transaction. */
export interface StoredRow {
  readonly gtid: GlobalTransactionId;
  readonly version: number;
  readonly state: Omit<Transaction, 'version'>;
  readonly attempts: Attempts;
  readonly ended_at: Date | null;
  readonly tenant: string;
  readonly owner: string;
  readonly stuck: boolean;
  readonly definition: Definition;
}

export function storedOf(row: StoredRow): StoredTransaction {
  const { gtid, version, state, attempts, definition, tenant, owner, stuck } = row;
  const transaction = { version, ...state };
  const endedAt = row.ended_at === null ? null : instantOfDate(row.ended_at);
  return { gtid, transaction, definition, attempts, endedAt, tenant, owner, stuck };
}

export function instantOfDate(date: Date): Instant {
  return date.getTime() as Instant;
}

/** RFC 3339, UTC. */
export function timeOf(instant: number): string {
  return new Date(instant).toISOString();
}
