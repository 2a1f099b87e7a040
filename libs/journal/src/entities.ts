// The read side's rows, for TypeORM. The migrations make the schema; this only names its columns.
import type { Attempts, JournalLine } from '@concordat/engine';
import type { GlobalTransactionId, Transaction } from '@concordat/protocols';
import { EntitySchema } from 'typeorm';

export interface TransactionRow {
  readonly gtid: GlobalTransactionId;
  readonly protocol: string;
  readonly name: string | null;
  readonly participants: readonly string[];
  readonly metadata: object;
  readonly begun_at: Date;
  readonly ended_at: Date | null;
  readonly version: number;
  readonly phase: string;
  readonly outcome: string | null;
  readonly owner: string;
  readonly stuck: boolean;
  readonly due_at: Date | null;
  readonly state: Omit<Transaction, 'version'>;
  readonly attempts: Attempts;
  readonly tenant: string;
}

export interface JournalRow {
  readonly gtid: GlobalTransactionId;
  readonly version: number;
  readonly at: Date;
  readonly line: JournalLine;
}

/** Unfinished and ended transactions alike. */
export const transactionView = new EntitySchema<TransactionRow>({
  type: 'view',
  schema: 'concordat',
  name: 'transaction',
  synchronize: false,
  columns: {
    gtid: { type: 'uuid', primary: true },
    protocol: { type: 'text' },
    name: { type: 'text', nullable: true },
    participants: { type: 'text', array: true },
    metadata: { type: 'jsonb' },
    begun_at: { type: 'timestamptz' },
    ended_at: { type: 'timestamptz', nullable: true },
    version: { type: 'integer' },
    phase: { type: 'text' },
    outcome: { type: 'text', nullable: true },
    owner: { type: 'text' },
    stuck: { type: 'boolean' },
    due_at: { type: 'timestamptz', nullable: true },
    state: { type: 'json' },
    attempts: { type: 'json' },
    tenant: { type: 'text' },
  },
});

export const journalTable = new EntitySchema<JournalRow>({
  schema: 'concordat',
  name: 'journal',
  synchronize: false,
  columns: {
    gtid: { type: 'uuid', primary: true },
    version: { type: 'integer', primary: true },
    at: { type: 'timestamptz' },
    line: { type: 'json' },
  },
});
