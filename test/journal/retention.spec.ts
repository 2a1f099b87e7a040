import type { Entry } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { Instant } from '@concordat/protocols';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyDatabase } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { migrated } from '../support/server.js';
import { DAY_MS, makePartitionsOf, PARTITIONED, suffixOf } from './past-days.js';
import { begun, committed } from './transactions.js';

const { databaseUrl, pool } = await emptyDatabase();
await migrated(databaseUrl); // today: the template may be of the day before
const { journal, reader, retention, close } = await openJournal({ databaseUrl, owner: 'here' });
afterAll(close);

const daysAgo = (days: number) => (Date.now() - days * DAY_MS) as Instant;

const partitionsOf = (at: number): Promise<void> => makePartitionsOf(pool, at);

async function partitions(
  table: (typeof PARTITIONED)[number] = 'journal',
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ suffix: string }>(
    `select substring(inhrelid::regclass::text from '[0-9]{8}$') as suffix
       from pg_inherits where inhparent = $1::regclass order by 1`,
    [`concordat.${table}`],
  );
  return rows.map(({ suffix }) => suffix).filter((suffix) => suffix !== null);
}

/** @returns the first of them */
async function append(entries: readonly [Entry, ...Entry[]]): Promise<Entry> {
  for (const entry of entries) expect(await journal.append(entry)).toBe('appended');
  return entries[0];
}

async function untilLocksAreAwaited(count: number): Promise<void> {
  const awaited = async () =>
    (
      await pool.query(
        `select from pg_locks join pg_stat_activity using (pid)
          where not granted and datname = current_database()`,
      )
    ).rowCount;
  await expect.poll(awaited, { interval: 5 }).toBe(count);
}

beforeEach(async () => {
  await pool.query(`truncate concordat.global_transaction, concordat.idempotency_key,
                             concordat.ended_transaction, concordat.journal`);
  await retention.forget(2 * DAY_MS); // the days of the test before
  await pool.query('update concordat.retention set forgotten_before = null');
});

describe('room', () => {
  test('is there from yesterday until a week from today, for both tables', async () => {
    const days = [1, 0, -1, -2, -3, -4, -5, -6, -7].map((days) => suffixOf(daysAgo(days)));
    expect(await partitions('journal')).toEqual(days);
    expect(await partitions('ended_transaction')).toEqual(days);
    expect(await retention.ensurePartitions()).toEqual([]);
  });

  test('is made once, however many instances make it', async () => {
    const last = suffixOf(daysAgo(-7));
    for (const table of PARTITIONED) await pool.query(`drop table concordat.${table}_${last}`);
    const made = await Promise.all([1, 2, 3, 4].map(() => retention.ensurePartitions()));
    expect(made.flat()).toEqual([last]);
  });

  test('is there even for a day without partitions', async () => {
    const dates = [0, Date.UTC(2000, 0, 1), daysAgo(-400)];
    for (const at of dates) {
      const { gtid } = await append(committed({ gtid: newGtid(at) }));
      expect(await journal.load(gtid)).toBeDefined();
      expect(await reader.journalOf(gtid)).toHaveLength(3);
    }
  });

  test('of a day that has rows elsewhere already stays there', async () => {
    const last = suffixOf(daysAgo(-7));
    for (const table of PARTITIONED) await pool.query(`drop table concordat.${table}_${last}`);
    await append([begun({ gtid: newGtid(daysAgo(-7)) })]);
    expect(await retention.ensurePartitions()).toEqual([]);
    await append(committed({ gtid: newGtid(daysAgo(-7)) }));
    await pool.query('truncate concordat.global_transaction, concordat.journal_default');
    await pool.query('truncate concordat.ended_transaction_default');
    expect(await retention.ensurePartitions()).toEqual([last]);
  });
});

describe('forget', () => {
  test('drops the days that lie wholly before, and no other', async () => {
    for (const days of [10, 9, 8]) await partitionsOf(daysAgo(days));
    const old = await append(committed({ at: daysAgo(10) }));
    const kept = await append(committed({ at: daysAgo(8) }));
    const forgotten = await retention.forget(8 * DAY_MS);
    const days = [10, 9].map((ago) => suffixOf(daysAgo(ago)));
    expect(forgotten).toEqual({ days, kept: [], keys: 0, strays: 0 });
    expect(await journal.load(old.gtid)).toBeUndefined();
    expect(await reader.journalOf(old.gtid)).toEqual([]);
    expect(await journal.load(kept.gtid)).toBeDefined();
    expect(await partitions('ended_transaction')).toEqual(await partitions('journal'));
  });

  test('notes how far it has forgotten', async () => {
    const [old, never] = [newGtid(daysAgo(10)), newGtid(daysAgo(1))];
    expect(await reader.forgottenBefore()).toBeNull();
    expect(await reader.mayHaveForgotten(old)).toBe(false);
    await partitionsOf(daysAgo(10));
    await retention.forget(8 * DAY_MS);
    const midnight = Math.floor(daysAgo(9) / DAY_MS) * DAY_MS;
    expect(await reader.forgottenBefore()).toBe(midnight);
    expect(await reader.mayHaveForgotten(old)).toBe(true);
    expect(await reader.mayHaveForgotten(never)).toBe(false);
  });

  test('keeps a day in which something began that has not ended', async () => {
    await partitionsOf(daysAgo(10));
    const ended = await append(committed({ at: daysAgo(10) }));
    const [first, ...rest] = committed({ at: daysAgo(10) });
    await append([first]);
    const day = suffixOf(daysAgo(10));
    expect(await retention.forget(8 * DAY_MS)).toMatchObject({ days: [], kept: [day] });
    expect(await journal.load(ended.gtid)).toBeDefined();
    expect(await reader.forgottenBefore()).toBeNull();
    await append(rest);
    expect(await retention.forget(8 * DAY_MS)).toMatchObject({ days: [day], kept: [] });
  });

  test('deletes what is old and fitted nowhere, unless it has not ended', async () => {
    const old = await append(committed({ gtid: newGtid(0) }));
    const unfinished = await append([begun({ gtid: newGtid(1) })]);
    const young = await append(committed({ gtid: newGtid(daysAgo(-400)) }));
    expect(await retention.forget(8 * DAY_MS)).toMatchObject({ strays: 1 });
    expect(await journal.load(old.gtid)).toBeUndefined();
    expect(await reader.journalOf(old.gtid)).toEqual([]);
    expect(await reader.mayHaveForgotten(old.gtid)).toBe(true);
    expect(await journal.load(unfinished.gtid)).toBeDefined();
    expect(await journal.load(young.gtid)).toBeDefined();
  });

  test('frees the idempotency keys of what has ended long ago', async () => {
    const keyed = (key: string) => ({ idempotency: { key, digest: '' } });
    await append(committed({ gtid: newGtid(daysAgo(10)), ...keyed('old') }));
    await append([begun({ gtid: newGtid(daysAgo(10)), ...keyed('unfinished') })]);
    await append(committed(keyed('young')));
    expect(await retention.forget(8 * DAY_MS)).toMatchObject({ keys: 1 });
    expect(await journal.findByKey('old')).toBeUndefined();
    expect(await journal.findByKey('unfinished')).toBeDefined();
    expect(await journal.findByKey('young')).toBeDefined();
    await append([begun(keyed('old'))]);
  });

  test('takes many small steps where there is much to delete', async () => {
    await pool.query(
      `insert into concordat.idempotency_key
       select 'key ' || n, '', $1 from generate_series(1, 2500) n`,
      [newGtid(daysAgo(10))],
    );
    expect(await retention.forget(8 * DAY_MS)).toMatchObject({ keys: 2_500 });
  });

  test('sees what began while it was waiting for its lock', async () => {
    await partitionsOf(daysAgo(10));
    const client = await pool.connect();
    await client.query('begin');
    await client.query(`insert into concordat.idempotency_key values ('held', '', $1)`, [
      newGtid(),
    ]);
    const idempotency = { key: 'held', digest: '' };
    const beginning = append([begun({ at: daysAgo(10), idempotency })]);
    await untilLocksAreAwaited(1);
    const forgetting = retention.forget(8 * DAY_MS);
    await untilLocksAreAwaited(2);
    await client.query('rollback');
    client.release();
    const { gtid } = await beginning;
    expect(await forgetting).toMatchObject({ days: [], kept: [suffixOf(daysAgo(10))] });
    expect(await reader.journalOf(gtid)).toHaveLength(1);
  });

  test('leaves a day for the next time if somebody is reading it', async () => {
    await partitionsOf(daysAgo(10));
    const day = suffixOf(daysAgo(10));
    const client = await pool.connect();
    await client.query('begin');
    await client.query('select from concordat.journal');
    expect(await retention.forget(8 * DAY_MS)).toMatchObject({ days: [], kept: [day] });
    await client.query('rollback');
    client.release();
    expect(await retention.forget(8 * DAY_MS)).toMatchObject({ days: [day], kept: [] });
  });

  test('may be done by many instances at once', async () => {
    for (const days of [10, 9, 8]) await partitionsOf(daysAgo(days));
    const forgotten = await Promise.all([1, 2, 3].map(() => retention.forget(8 * DAY_MS)));
    const gone = new Set(forgotten.flatMap(({ days }) => days));
    expect([...gone].sort()).toEqual([10, 9].map((days) => suffixOf(daysAgo(days))));
    expect(await partitions()).not.toContain(suffixOf(daysAgo(9)));
    expect(await partitions()).toContain(suffixOf(daysAgo(8)));
  });
});
