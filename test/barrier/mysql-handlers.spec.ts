// What a handler on MariaDB may do to the session that it is lent, and what is made of it.
import type { BranchCall, Handled } from '@concordat/participant-sdk';
import { refused } from '@concordat/participant-sdk';
import { mysqlBarrier, mysqlTwoPhase } from '@concordat/participant-sdk/mysql';
import { asBranchId, asGtid } from '@concordat/wire';
import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { createPool } from 'mysql2/promise';
import { afterAll, describe, expect, test } from 'vitest';
import { newGtid } from '../support/gtids.js';
import { branchAt, latch, reply } from './calling.js';
import { mysqlStore } from './mysql-store.js';

const store = await mysqlStore();
const { service } = store;
const pool = createPool({ uri: store.databaseUrl, connectionLimit: 1 });
afterAll(() => pool.end());
const barrier = mysqlBarrier(pool, { lockTimeoutMs: 1_000 });
const twoPhase = mysqlTwoPhase(pool, { lockTimeoutMs: 1_000 });
const done: Handled = { type: 'reply', reply: { type: 'done' } };

function newCall(operation: BranchCall['operation']): BranchCall {
  return { gtid: asGtid(newGtid()), branch: asBranchId('branch'), operation, token: 1 };
}

const write = (tx: PoolConnection, { gtid }: BranchCall): Promise<unknown> =>
  tx.query('insert into effect values (?, ?, ?)', [gtid, 'branch', 'written']);

/** What the connection below a promise connection has, which the types of mysql2 do not say. */
const queryOf = (connection: object) =>
  Reflect.get(connection, 'query').bind(connection) as (
    statement: string,
    callback: (error: unknown) => void,
  ) => void;

/** Both ways to run a handler that has written, and then does `what`. */
const ways = [
  {
    way: 'in a local transaction',
    newCall: () => newCall('execute'),
    run: (call: BranchCall, what: (tx: PoolConnection) => Promise<unknown>) =>
      barrier.pass(call, 'forward', async (tx) => {
        await write(tx, call);
        await what(tx);
        return done;
      }),
  },
  {
    way: 'in a branch of XA',
    newCall: () => newCall('prepare'),
    run: (call: BranchCall, what: (tx: PoolConnection) => Promise<unknown>) =>
      twoPhase.prepare(call, async (tx) => {
        await write(tx, call);
        await what(tx);
      }),
  },
];

describe.each(ways)('a handler $way', ({ newCall: newOne, run }) => {
  test.each<[string, RegExp, (tx: PoolConnection) => Promise<unknown>]>([
    [
      'that ignores a statement which failed',
      /nowhere/,
      (tx) => tx.query('select * from nowhere').catch(() => undefined),
    ],
    [
      'that ignores it of a statement prepared on the server',
      /nowhere/,
      (tx) => tx.execute('select * from nowhere').catch(() => undefined),
    ],
    [
      'that does not even wait for it',
      /nowhere/,
      async (tx) => void tx.query('select * from nowhere').catch(() => undefined),
    ],
    [
      'that ignores it on the connection with callbacks',
      /nowhere/,
      (tx) => new Promise((resolve) => queryOf(tx.connection)('select * from nowhere', resolve)),
    ],
    ['that prepares statements of its own', /may not prepare/, (tx) => tx.prepare('select 1')],
    ['that resets the session', /may not reset/, (tx) => tx.reset()],
    ['that gives the session back', /may not release/, async (tx) => tx.release()],
    ['that closes the session', /may not destroy/, async (tx) => tx.destroy()],
    ['that becomes somebody else', /may not changeUser/, (tx) => tx.changeUser({ user: 'root' })],
  ])('%s has done nothing', async (_, complaint, what) => {
    const call = newOne();
    await expect(run(call, what)).rejects.toThrow(complaint);
    expect(await store.effectsOf(call.gtid)).toEqual([]);
    expect(await store.isPrepared(call.gtid)).toBe(false);
    expect(await store.rowsOf(call.gtid)).toBe(0);
  });

  test('that writes when it is over is refused, and disturbs nobody', async () => {
    const call = newOne();
    let kept: PoolConnection | undefined;
    await run(call, async (tx) => void (kept = tx));
    await expect(async () => kept?.query('select 1')).rejects.toThrow('is over');
    await expect(async () => kept?.commit()).rejects.toThrow('is over');
    if (call.operation === 'prepare')
      await twoPhase.rollback({ ...call, operation: 'rollback', token: 2 });
  });
});

describe('a handler that ends its transaction by itself', () => {
  test.each<[string, (tx: PoolConnection) => Promise<unknown>]>([
    ['commits', (tx) => tx.commit()],
    ['rolls back', (tx) => tx.rollback()],
    [
      'commits, and begins another',
      async (tx) => {
        await tx.commit();
        await tx.beginTransaction();
      },
    ],
    ['truncates a table', (tx) => tx.query('truncate table scratch')],
    ['makes a table', (tx) => tx.query('create table if not exists scratch (id integer)')],
  ])('and %s: nothing is acknowledged', async (_, what) => {
    await store.pool.query('create table if not exists scratch (id integer)');
    const run = barrier.pass(newCall('execute'), 'forward', async (tx) => {
      await what(tx);
      return done;
    });
    await expect(run).rejects.toThrow('a handler has ended its transaction');
  });

  test('by changing a table: what it had written stays, and nothing is acknowledged', async () => {
    const branch = branchAt(service.url, 'saga', { payload: 'redefine' });
    expect((await branch.call('execute', 1)).type).toBe('in-doubt');
    expect(service.scripted.reported.at(-1)).toMatch('a handler has ended its transaction');
    expect(await store.effectsOf(branch.gtid)).toEqual(['execute']);
    expect((await branch.call('execute', 1)).type).toBe('in-doubt');
    expect((await branch.call('compensate', 2)).type).toBe('in-doubt');
    expect((await branch.call('compensate', 3)).type).toBe('in-doubt');
    expect(service.scripted.reported.at(-1)).toMatch('was not finished, nor undone');
    expect(await store.effectsOf(branch.gtid)).toEqual(['execute']);
  });

  test('and a person has looked: the branch goes on', async () => {
    const branch = branchAt(service.url, 'saga', { payload: 'redefine' });
    await branch.call('execute', 1);
    expect((await branch.call('compensate', 2, { payload: 'obey' })).type).toBe('in-doubt');
    await store.pool.query(
      `update concordat_barrier set work = 'done', answered = token where gtid = ?`,
      [branch.gtid],
    );
    const compensated = await branch.call('compensate', 2, { payload: 'obey' });
    expect(compensated).toEqual(reply('acknowledged'));
    expect(await store.effectsOf(branch.gtid)).toEqual(['compensate', 'execute']);
  });

  test('in a branch of XA: the server refuses, and nothing is prepared', async () => {
    const branch = branchAt(service.url, '2pc', { payload: 'redefine' });
    expect((await branch.call('prepare', 1)).type).toBe('in-doubt');
    expect(service.scripted.reported.at(-1)).toMatch('XAER_RMFAIL');
    expect(await store.isPrepared(branch.gtid)).toBe(false);
    expect(await store.effectsOf(branch.gtid)).toEqual([]);
    const again = await branch.call('prepare', 1, { payload: 'obey' });
    expect(again).toEqual(reply('prepared'));
    expect(await branch.call('rollback', 2)).toEqual(reply('acknowledged'));
  });
});

describe('a lock that is waited for too long', () => {
  test('and ignored: the half of the work that is left is not prepared', async () => {
    const call = newCall('prepare');
    const holder = await store.pool.getConnection();
    await store.pool.query(
      'create table if not exists stock (id integer primary key, left_ integer)',
    );
    await store.pool.query('insert into stock values (1, 5)');
    await holder.query('start transaction');
    await holder.query('update stock set left_ = 4');
    let failure: unknown;
    const vote = twoPhase.prepare(call, async (tx) => {
      await write(tx, call);
      await tx.query('update stock set left_ = 3').catch((error: unknown) => (failure = error));
    });
    await expect(vote).rejects.toThrow('busy'); // and so the coordinator is told to ask again
    expect(failure).toMatchObject({ errno: 1205 });
    await holder.query('rollback');
    holder.release();
    expect(await store.isPrepared(call.gtid)).toBe(false);
    expect(await store.effectsOf(call.gtid)).toEqual([]);
  });
});

test('a deadlock of two branches: one is told to ask again, the other prepares', async () => {
  const wide = createPool({ uri: store.databaseUrl, connectionLimit: 4 });
  const manager = mysqlTwoPhase(wide, { lockTimeoutMs: 5_000 });
  await store.pool.query('create table if not exists shelf (id integer primary key, n integer)');
  await store.pool.query('insert into shelf values (1, 0), (2, 0)');
  const both = [latch(), latch()] as const;
  const crossing = async (call: BranchCall, first: 0 | 1): Promise<unknown> => {
    const [mine, theirs] = first === 0 ? both : ([both[1], both[0]] as const);
    return manager.prepare(call, async (tx) => {
      await tx.query('update shelf set n = n + 1 where id = ?', [first + 1]);
      mine.open();
      await theirs.wait();
      await tx.query('update shelf set n = n + 1 where id = ?', [2 - first]);
    });
  };
  const calls = [newCall('prepare'), newCall('prepare')] as const;
  const votes = await Promise.allSettled([crossing(calls[0], 0), crossing(calls[1], 1)]);
  expect(votes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [loser] = votes.filter((vote) => vote.status === 'rejected');
  expect(loser?.reason).toMatchObject({ name: 'Busy', cause: { errno: 1213 } });
  for (const [index, call] of calls.entries()) {
    expect(await store.isPrepared(call.gtid)).toBe(votes[index]?.status === 'fulfilled');
    await manager.rollback({ ...call, operation: 'rollback', token: 2 });
  }
  await wide.end();
});

test('a refusal after a statement that failed is a refusal', async () => {
  const call = newCall('prepare');
  const vote = await twoPhase.prepare(call, async (tx) => {
    await write(tx, call);
    const failed = await tx.query('select * from nowhere').then(
      () => false,
      () => true,
    );
    return failed ? refused('there is no such table') : undefined;
  });
  expect(vote).toEqual(reply('refused', { note: 'there is no such table' }));
  expect(await store.effectsOf(call.gtid)).toEqual([]);
});

test('a session goes back to the pool as it came', async () => {
  const settings = `select connection_id() as id, @@session.innodb_lock_wait_timeout as row_wait,
    @@session.lock_wait_timeout as table_wait, @@session.wait_timeout as idle_wait,
    @@in_transaction as in_transaction`;
  const settingsOf = async () => (await pool.query<RowDataPacket[]>(settings))[0][0];
  const before = await settingsOf();
  let within: RowDataPacket | undefined;
  await barrier.pass(newCall('execute'), 'forward', async (tx) => {
    [[within]] = await tx.query<RowDataPacket[]>(settings);
    return done;
  });
  expect(within).toMatchObject({ id: before?.['id'], row_wait: 1, idle_wait: 60 });
  expect(await settingsOf()).toEqual(before);
  const call = newCall('prepare');
  await twoPhase.prepare(call, (tx) => write(tx, call).then(() => undefined));
  await twoPhase.commit({ ...call, operation: 'commit', token: 2 });
  expect({ ...(await settingsOf()), id: 0 }).toEqual({ ...before, id: 0 });
});

test('a pool whose sessions do not autocommit is not served', async () => {
  const manual = createPool({ uri: store.databaseUrl, connectionLimit: 1 });
  await manual.query('set session autocommit = 0');
  const call = newCall('prepare');
  const vote = mysqlTwoPhase(manual).prepare(call, async (tx) => void (await write(tx, call)));
  await expect(vote).rejects.toThrow('must autocommit');
  await manual.end();
});

test('a gtid that XA cannot have is in doubt, and ends no process', async () => {
  const branch = branchAt(service.url, '2pc', { gtid: 'g'.repeat(55), payload: 'obey' });
  expect((await branch.call('prepare', 1)).type).toBe('in-doubt');
  expect(service.scripted.reported.at(-1)).toMatch('at most 54 characters');
});
