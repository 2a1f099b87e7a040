// Days that are over, in a journal that has known them.
import type pg from 'pg';
import { newGtid } from '../support/gtids.js';

export const DAY_MS = 86_400_000;
export const PARTITIONED = ['journal', 'ended_transaction'] as const;

/** As in `20261120`. */
export const suffixOf = (at: number): string =>
  new Date(at).toISOString().slice(0, 10).replaceAll('-', '');

/** Makes a past day's partitions, as `ensurePartitions` has made them when it was to come. */
export async function makePartitionsOf(pool: pg.Pool, at: number): Promise<void> {
  const midnight = Math.floor(at / DAY_MS) * DAY_MS;
  const bound = (instant: number) =>
    newGtid(instant).replace(/^(.{13}).*$/, '$1-0000-0000-000000000000');
  for (const table of PARTITIONED) {
    await pool.query(`
      create table if not exists concordat.${table}_${suffixOf(at)}
        partition of concordat.${table}
        for values from ('${bound(midnight)}') to ('${bound(midnight + DAY_MS)}')`);
  }
}
