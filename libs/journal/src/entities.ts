// The read side's rows, for TypeORM. The migrations make the schema; these only name its columns.
import type { Attempts, JournalLine } from '@concordat/engine';
import type { GlobalTransactionId, Transaction } from '@concordat/protocols';
import { Column, Entity, PrimaryColumn, ViewColumn, ViewEntity } from 'typeorm';

/** Unfinished and ended transactions alike. */
@ViewEntity({ schema: 'concordat', name: 'transaction', synchronize: false, expression: '' })
export class TransactionRow {
  @ViewColumn() readonly gtid: GlobalTransactionId;
  @ViewColumn() readonly protocol: string;
  @ViewColumn() readonly name: string | null;
  @ViewColumn() readonly participants: string[];
  @ViewColumn() readonly metadata: object;
  @ViewColumn() readonly begun_at: Date;
  @ViewColumn() readonly ended_at: Date | null;
  @ViewColumn() readonly version: number;
  @ViewColumn() readonly phase: string;
  @ViewColumn() readonly outcome: string | null;
  @ViewColumn() readonly owner: string;
  @ViewColumn() readonly stuck: boolean;
  @ViewColumn() readonly due_at: Date | null;
  @ViewColumn() readonly state: Omit<Transaction, 'version'>;
  @ViewColumn() readonly attempts: Attempts;
}

@Entity({ schema: 'concordat', name: 'journal', synchronize: false })
export class JournalRow {
  @PrimaryColumn('uuid') readonly gtid: GlobalTransactionId;
  @PrimaryColumn('integer') readonly version: number;
  @Column('timestamptz') readonly at: Date;
  @Column('json') readonly line: JournalLine;
}
