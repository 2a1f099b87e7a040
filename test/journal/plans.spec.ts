import type { Entry } from '@concordat/engine';
import type { ListFilters } from '@concordat/journal';
import { openJournal } from '@concordat/journal';
import type { Instant } from '@concordat/protocols';
import { beforeAll, describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { after, begun, committed } from './transactions.js';

const { databaseUrl, pool } = await databaseFromTemplate();

const ROWS = 20_000;

/** More than often enough for Postgres to settle on a generic plan. */
const EXECUTIONS = 12;

interface Reads {
  readonly sequential: number;
  readonly byIndex: number;
}

/** Rows read from the tables of the journal since the database was made. */
async function reads(): Promise<Reads> {
  const { rows } = await pool.query<{ sequential: number; by_index: number }>(`
    select sum(seq_tup_read)::float8 as sequential, sum(idx_tup_fetch)::float8 as by_index
      from pg_stat_user_tables where schemaname = 'concordat'`);
  const [row] = rows;
  return { sequential: row?.sequential ?? Number.NaN, byIndex: row?.by_index ?? Number.NaN };
}

/** Copies of a transaction: so many unfinished ones, and as many that have ended. */
async function fill(): Promise<void> {
  const [unfinished, ended] = [begun({ at: Date.now() - 60_000 }), committed()];
  const opened = await openJournal({ databaseUrl, owner: 'filler' });
  for (const entry of [unfinished, ...ended]) await opened.journal.append(entry);
  await opened.close();
  await sessionsEnded('filler');
  const gtids = Array.from({ length: ROWS }, () => newGtid());
  const client = await pool.connect();
  for (const [table, key] of [
    ['global_transaction', unfinished.gtid],
    ['ended_transaction', ended[0].gtid],
    ['journal', ended[0].gtid],
  ]) {
    await client.query(
      `insert into concordat.${table}
       select filled.* from concordat.${table} as template, unnest($2::uuid[]) as copy (gtid),
       lateral jsonb_populate_record(template, jsonb_build_object('gtid', copy.gtid)) as filled
        where template.gtid = $1`,
      [key, gtids],
    );
  }
  await client.query('select pg_stat_force_next_flush()');
  client.release();
}

/** Sessions report what they have read when they end, at the latest. */
async function sessionsEnded(owner: string): Promise<void> {
  const sessions = async () =>
    (
      await pool.query('select from pg_stat_activity where application_name = $1', [
        `concordat ${owner}`,
      ])
    ).rowCount;
  await eventually('the sessions have ended', async () => (await sessions()) === 0);
}

/** A page of 50, and the rows that were read for it. */
async function readsOf(filters: ListFilters): Promise<Reads & { readonly found: number }> {
  const opened = await openJournal({ databaseUrl, owner: 'looking', poolSize: 1 });
  const before = await reads();
  const { items } = await opened.reader.list(filters, 50);
  await opened.close();
  await sessionsEnded('looking');
  const { sequential, byIndex } = await reads();
  return {
    found: items.length,
    sequential: sequential - before.sequential,
    byIndex: byIndex - before.byIndex,
  };
}

/** One of each statement that is executed for single transactions. */
async function exercise({ journal, agenda }: Awaited<ReturnType<typeof openJournal>>) {
  const entries = committed({ idempotency: { key: newGtid(), digest: '' } });
  const [first, ...rest] = entries;
  const due: Entry = { ...first, dueAt: 1 as Instant };
  await journal.append(due);
  await agenda.take(first.gtid, 60_000);
  await agenda.postpone({
    gtid: first.gtid,
    version: 1,
    attempts: [],
    stuck: false,
    dueAt: 1 as Instant,
  });
  await agenda.takeDue(1, 60_000);
  await journal.load(first.gtid);
  for (const entry of rest) await journal.append(entry);
  await journal.load(first.gtid);
  await journal.findByKey('none');
}

describe('the statements of a transaction', () => {
  test('go by an index when the tables have grown, whatever was planned before', async () => {
    const opened = await openJournal({ databaseUrl, owner: 'here', poolSize: 1 });
    for (let count = 0; count < EXECUTIONS; count += 1) await exercise(opened);
    await fill();
    const before = await reads();
    for (let count = 0; count < EXECUTIONS; count += 1) await exercise(opened);
    await opened.close();
    await sessionsEnded('here');
    const { sequential, byIndex } = await reads();
    expect(sequential).toBe(before.sequential);
    expect(byIndex).toBeGreaterThan(before.byIndex);
    expect(byIndex - before.byIndex).toBeLessThan(EXECUTIONS * 100);
  });
});

describe('what few transactions have in common', () => {
  beforeAll(async () => {
    await fill();
    // As autovacuum, at its worst moment: what is unfinished was much, and its pages remain.
    await pool.query('vacuum analyze');
    // What is unfinished is little, and has no index for this.
    await pool.query('delete from concordat.global_transaction; select pg_stat_force_next_flush()');
    const { journal, close } = await openJournal({ databaseUrl, owner: 'filler' });
    const rolledBack = begun({ branches: [], driven: false });
    for (const entry of [
      ...committed({ name: 'seldom', metadata: { order: '42' }, branches: ['gift'] }),
      rolledBack,
      after(rolledBack, [{ type: 'rollback-requested' }]),
    ]) {
      await journal.append(entry);
    }
    await close();
    await sessionsEnded('filler');
    await pool.query('analyze');
  });

  test.each<ListFilters>([
    { participant: 'gifts' },
    { name: 'seldom' },
    { outcome: 'rolled-back' },
    { metadata: { order: '42' } },
  ])('is looked up, and not searched for: %o', async (filters) => {
    const { found, sequential, byIndex } = await readsOf(filters);
    expect(found).toBe(1);
    expect(sequential).toBeLessThan(100);
    expect(byIndex).toBeLessThan(100);
  });

  test('is told apart from what most have: a page of that is read from the newest on', async () => {
    const { found, sequential, byIndex } = await readsOf({ participant: 'payments' });
    expect(found).toBe(50);
    expect(sequential).toBeLessThan(100);
    expect(byIndex).toBeLessThan(ROWS / 4);
  });
});

describe('the newest page', () => {
  const planOf = async (query: string): Promise<string> => {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${query}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  test('is read from the ends of the primary keys, not sorted', async () => {
    await pool.query('analyze');
    const plan = await planOf('select * from concordat.transaction order by gtid desc limit 50');
    expect(plan).toContain('Merge Append');
    expect(plan).toContain('Index Scan Backward using global_transaction_pkey');
    expect(plan).toMatch(/Index Scan Backward using ended_transaction_\d+_pkey/);
    expect(plan).not.toContain('->  Sort');
    expect(plan).not.toContain('Seq Scan on global_transaction');
  });

  test('of some span of time leaves out the partitions of other days', async () => {
    const plan = await planOf(
      `select * from concordat.transaction where gtid >= '${newGtid()}' and gtid < '${newGtid(
        Date.now() + 1_000,
      )}' order by gtid desc limit 50`,
    );
    expect([...plan.matchAll(/on (ended_transaction\w*)/g)].length).toBeLessThanOrEqual(3);
  });
});
