import type { AuditActor } from '@concordat/engine';
import type { BulkAction, Grant } from '@concordat/wire/operations';

/** As it is kept. Instants as Date, whatever is JSON parsed. */
export interface BulkRow {
  readonly id: string;
  readonly action: BulkAction;
  readonly filter: Readonly<Record<string, string>>;
  readonly state: 'running' | 'paused' | 'cancelled' | 'stopped' | 'finished';
  readonly reason: string;
  readonly asked_by: AuditActor;
  /** What whoever asked was permitted then: more is not done, whoever goes on with it. */
  readonly grants: readonly Grant[];
  readonly asked_at: Date;
  readonly ended_at: Date | null;
  readonly per_second_max: number;
  readonly failures_max: number;
  readonly total: number;
  readonly done: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly said: string | null;
}

export const COLUMNS = `
  id, action, filter, state, reason, asked_by, grants, asked_at, ended_at, per_second_max,
  failures_max, total, done, unchanged, failed, said`;
