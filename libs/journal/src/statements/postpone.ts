import type { Statement } from '../database.js';
import { textArray } from '../text-array.js';

/** What is left behind by attempts that have failed. */
export interface PostponeRow {
  readonly gtid: string;
  readonly version: number;
  /** JSON. */
  readonly attempts: string;
  readonly stuck: boolean;
  readonly dueAt: number;
}

/**
 * Arrays of equal length, one element a row, no gtid twice. A row that is not at this version any
 * more, or has ended, stays as it is. Returns the gtid of each row that was changed.
 */
export const POSTPONE: Statement = {
  name: 'postpone',
  text: `
    update concordat.global_transaction unfinished
       set attempts = entry.attempts::json, stuck = entry.stuck,
           due_at = to_timestamp(entry.due_at / 1000)
      from unnest($1::uuid[], $2::integer[], $3::text[], $4::boolean[], $5::float8[])
           as entry (gtid, version, attempts, stuck, due_at)
     where unfinished.gtid = entry.gtid and unfinished.version = entry.version
    returning unfinished.gtid`,
};

/** The parameters of POSTPONE, in order. */
export function postponeParameters(rows: readonly PostponeRow[]): readonly unknown[] {
  return [
    rows.map((row) => row.gtid),
    rows.map((row) => row.version),
    textArray(rows.map((row) => row.attempts)),
    rows.map((row) => row.stuck),
    rows.map((row) => row.dueAt),
  ];
}
