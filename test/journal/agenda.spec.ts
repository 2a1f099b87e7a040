import type { Attempt, Entry } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { BranchId, GlobalTransactionId, Instant } from '@concordat/protocols';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { begun, committed } from './transactions.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const open = (owner: string) => openJournal({ databaseUrl, owner });
const [here, there] = await Promise.all([open('here'), open('there')]);
afterAll(() => Promise.all([here.close(), there.close()]));
beforeEach(() => pool.query('delete from concordat.global_transaction'));

const LEASE_MS = 30_000;

/** An unfinished transaction in the journal; negative: it has been due for so long. */
async function dueIn(ms: number): Promise<Entry> {
  const entry = { ...begun(), dueAt: (here.clock.now() + ms) as Instant };
  await here.journal.append(entry);
  return entry;
}

async function rowOf(
  gtid: GlobalTransactionId,
): Promise<{ owner: string; stuck: boolean; due_in_ms: number } | undefined> {
  const { rows } = await pool.query<{ owner: string; stuck: boolean; due_in_ms: number }>(
    `select owner, stuck, (extract(epoch from due_at - now()) * 1000)::float8 as due_in_ms
       from concordat.global_transaction where gtid = $1`,
    [gtid],
  );
  return rows[0];
}

/** Holds a row as a statement of another instance would, while `meanwhile` runs. */
async function whileLocked(gtid: string, meanwhile: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select from concordat.global_transaction where gtid = $1 for update', [
      gtid,
    ]);
    await meanwhile();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const idsOf = (records: readonly { gtid: GlobalTransactionId }[]) =>
  records.map(({ gtid }) => gtid).sort();

describe('takeDue', () => {
  test('takes what is due, whole, and leaves what is not', async () => {
    const due = await dueIn(-1_000);
    await dueIn(LEASE_MS);
    expect(await there.agenda.takeDue(10, LEASE_MS)).toEqual([await here.journal.load(due.gtid)]);
  });

  test('leases it to whoever takes it, by the clock of the database', async () => {
    const { gtid } = await dueIn(-1_000);
    await there.agenda.takeDue(10, LEASE_MS);
    const row = await rowOf(gtid);
    expect(row?.owner).toBe('there');
    expect(row?.due_in_ms).toBeGreaterThan(LEASE_MS / 2);
    expect(row?.due_in_ms).toBeLessThanOrEqual(LEASE_MS);
    expect(await here.agenda.takeDue(10, LEASE_MS)).toEqual([]);
  });

  test('takes it again once the lease is over', async () => {
    const { gtid } = await dueIn(-1_000);
    await here.agenda.takeDue(10, 0);
    expect(idsOf(await there.agenda.takeDue(10, LEASE_MS))).toEqual([gtid]);
  });

  test('takes those first that have been due longest', async () => {
    const [third, first, second] = [await dueIn(-1_000), await dueIn(-3_000), await dueIn(-2_000)];
    const taken = idsOf(await here.agenda.takeDue(2, LEASE_MS));
    expect(taken).toEqual(idsOf([first, second]));
    expect(idsOf(await here.agenda.takeDue(2, LEASE_MS))).toEqual([third.gtid]);
  });

  test('skips what somebody else is working on', async () => {
    const [locked, free] = [await dueIn(-2_000), await dueIn(-1_000)];
    await whileLocked(locked.gtid, async () => {
      expect(idsOf(await here.agenda.takeDue(10, LEASE_MS))).toEqual([free.gtid]);
    });
  });

  test('never gives one transaction to two instances', async () => {
    const entries = await Promise.all(Array.from({ length: 60 }, () => dueIn(-1_000)));
    const takings = [here, there, here, there, here, there].map(({ agenda }) =>
      agenda.takeDue(20, LEASE_MS),
    );
    const taken = (await Promise.all(takings)).flat();
    const rest = await here.agenda.takeDue(60, LEASE_MS);
    expect(idsOf([...taken, ...rest])).toEqual(idsOf(entries));
  });
});

describe('take', () => {
  test('takes the transaction if it is due, once', async () => {
    const { gtid } = await dueIn(-1_000);
    expect(await there.agenda.take(gtid, LEASE_MS)).toEqual(await here.journal.load(gtid));
    expect((await rowOf(gtid))?.owner).toBe('there');
    expect(await here.agenda.take(gtid, LEASE_MS)).toBeUndefined();
  });

  test('does not take what is not due, being worked on, ended or unknown', async () => {
    const { gtid: later } = await dueIn(LEASE_MS);
    expect(await here.agenda.take(later, LEASE_MS)).toBeUndefined();

    const { gtid: locked } = await dueIn(-1_000);
    await whileLocked(locked, async () => {
      expect(await here.agenda.take(locked, LEASE_MS)).toBeUndefined();
    });

    const entries = committed();
    for (const entry of entries) await here.journal.append(entry);
    expect(await here.agenda.take(entries[0].gtid, LEASE_MS)).toBeUndefined();
    expect(await here.agenda.take('order-42' as GlobalTransactionId, LEASE_MS)).toBeUndefined();
  });
});

describe('postpone', () => {
  const attempt: Attempt = {
    branch: 'payment' as BranchId,
    operation: 'prepare',
    token: 1,
    count: 3,
    lastError: 'refused by "10.0.0.1" \u0000',
    lastErrorAt: 1_000 as Instant,
    nextAttemptAt: 2_000 as Instant,
  };
  const postponement = (gtid: GlobalTransactionId, version: number, inMs: number) => ({
    gtid,
    version,
    attempts: [attempt],
    stuck: true,
    dueAt: (here.clock.now() + inMs) as Instant,
  });

  test('keeps what failed attempts have left behind, without a new version', async () => {
    const { gtid } = await dueIn(-1_000);
    await here.agenda.postpone(postponement(gtid, 1, LEASE_MS));
    const record = await here.journal.load(gtid);
    expect(record?.attempts).toEqual([attempt]);
    expect(record?.transaction.version).toBe(1);
    const row = await rowOf(gtid);
    expect(row?.stuck).toBe(true);
    expect(row?.due_in_ms).toBeGreaterThan(0);
  });

  test('changes nothing of a transaction that has moved on, or ended', async () => {
    const entries = committed();
    const { gtid } = entries[0];
    await here.journal.append(entries[0]);
    await here.journal.append(entries[1]);
    await here.agenda.postpone(postponement(gtid, 1, -1_000));
    expect((await here.journal.load(gtid))?.attempts).toEqual([]);
    expect((await rowOf(gtid))?.due_in_ms).toBeGreaterThan(0);
    await here.journal.append(entries[2]);
    await here.agenda.postpone(postponement(gtid, 3, -1_000));
    expect((await here.journal.load(gtid))?.attempts).toEqual([]);
  });

  test('shares commits, and the last one for a transaction counts', async () => {
    const entries = await Promise.all(Array.from({ length: 20 }, () => dueIn(-1_000)));
    const ms = [-2_000, LEASE_MS];
    const all = entries.flatMap(({ gtid }) => ms.map((inMs) => postponement(gtid, 1, inMs)));
    await Promise.all(all.map((one) => here.agenda.postpone(one)));
    const { rows } = await pool.query<{ commits: number; due: number }>(
      `select count(distinct xmin::text)::integer as commits,
              (count(*) filter (where due_at <= now()))::integer as due
         from concordat.global_transaction`,
    );
    expect(rows).toEqual([{ commits: 1, due: 0 }]);
  });
});

test('an advance makes a transaction due when it says, and stuck if it says so', async () => {
  const [first, second] = committed();
  await here.journal.append({ ...first, stuck: true });
  expect((await rowOf(first.gtid))?.stuck).toBe(true);
  await there.journal.append({ ...second, dueAt: (here.clock.now() - 1_000) as Instant });
  const row = await rowOf(first.gtid);
  expect(row).toMatchObject({ owner: 'there', stuck: false });
  expect(row?.due_in_ms).toBeLessThan(0);
});

test('handOver makes due what this instance has leased, and nothing else', async () => {
  const mine = [await dueIn(LEASE_MS), await dueIn(LEASE_MS)];
  const { gtid: theirs } = await dueIn(-1_000);
  await there.agenda.take(theirs, LEASE_MS);
  await dueIn(3_600_000);
  await here.agenda.handOver();
  expect(idsOf(await there.agenda.takeDue(10, LEASE_MS))).toEqual(idsOf(mine));
});
