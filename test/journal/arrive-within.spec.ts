// The decision in a local transaction of somebody else's: there with its commit, and only then.
import { openJournal } from '@concordat/journal';
import type { Entry } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import { afterAll, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { begun, committed } from './transactions.js';

const OWNER = 'here';
const LEASE_MS = 60_000;

const { databaseUrl, pool } = await databaseFromTemplate();
const opened = await openJournal({ databaseUrl, owner: OWNER });
afterAll(() => opened.close());
await pool.query('create table work (gtid uuid)');

/** Work, and the entry as its last statement. @returns what Postgres said against it */
async function arrive(entry: Entry, end: 'commit' | 'rollback'): Promise<string | undefined> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into work values ($1)', [entry.gtid]);
    await opened.arriveWithin(entry, ({ text }, values) => client.query(text, [...values]));
    await client.query(end);
    return undefined;
  } catch (error) {
    await client.query('rollback');
    return (error as { readonly code?: string }).code;
  } finally {
    client.release();
  }
}

async function works(gtid: string): Promise<number> {
  const { rowCount } = await pool.query('select from work where gtid = $1', [gtid]);
  return rowCount ?? 0;
}

test('it is there with the work, as an append would have written it', async () => {
  const [one, other] = [begun({ name: 'transfer', metadata: { by: 'test' } }), begun()];
  expect(await arrive(one, 'commit')).toBeUndefined();
  expect(await works(one.gtid)).toBe(1);
  await opened.journal.append({ ...one, gtid: other.gtid });
  const rowOf = async (gtid: string) => {
    const { rows } = await pool.query<object>(
      `select to_jsonb(row) - 'gtid' as row, to_jsonb(line) - 'gtid' as line
         from concordat.global_transaction row join concordat.journal line using (gtid)
        where gtid = $1`,
      [gtid],
    );
    return rows;
  };
  expect(await rowOf(one.gtid)).toHaveLength(1);
  expect(await rowOf(one.gtid)).toEqual(await rowOf(other.gtid));
});

test('it is gone with the work', async () => {
  const entry = begun();
  expect(await arrive(entry, 'rollback')).toBeUndefined();
  expect(await works(entry.gtid)).toBe(0);
  expect(await opened.journal.load(entry.gtid)).toBeUndefined();
});

test('it is refused, and the work with it, if the transaction was ever begun', async () => {
  const entries = committed();
  for (const [index, entry] of entries.entries()) {
    expect(await opened.journal.append(entry)).toBe('appended');
    expect(await arrive(begun({ gtid: entry.gtid }), 'commit'), `version ${index + 1}`).toBe(
      '23505',
    );
  }
  expect(await works(entries[0].gtid)).toBe(0);
});

test('it waits to be durable, also in a session that does not', async () => {
  const entry = begun();
  const client = await pool.connect();
  const setting = async (): Promise<unknown> => {
    const { rows } = await client.query<object>('show synchronous_commit');
    return rows[0];
  };
  try {
    await client.query('set synchronous_commit = off');
    await client.query('begin');
    await opened.arriveWithin(entry, ({ text }, values) => client.query(text, [...values]));
    expect(await setting()).toEqual({ synchronous_commit: 'on' });
    await client.query('commit');
    expect(await setting()).toEqual({ synchronous_commit: 'off' });
  } finally {
    client.release(true);
  }
});

test('it is found by a sweep once its lease is over', async () => {
  const past = { ...begun(), dueAt: (Date.now() - 1) as Instant };
  const leased = begun();
  for (const entry of [past, leased]) expect(await arrive(entry, 'commit')).toBeUndefined();
  const due = await opened.agenda.takeDue(100, LEASE_MS);
  const gtids = due.map(({ gtid }) => gtid);
  expect(gtids).toContain(past.gtid);
  expect(gtids).not.toContain(leased.gtid);
});
