// XA on MariaDB at exact moments: who holds a prepared branch, what is between two statements, and
// a connection that is lost just before, or just after, the statement that matters.
import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import type { Moment } from '../support/mysql-proxy.js';
import { MysqlProxy } from '../support/mysql-proxy.js';
import type { Branch } from './calling.js';
import { acknowledged, branchAt, latch, reply, stale, untilSettled, working } from './calling.js';
import { mysqlStore, nameOf, preparedNames, serveMysql } from './mysql-store.js';

const HOLD_FOREVER_MS = 1_000_000;

const store = await mysqlStore();
const { url } = store.service;
const proxy = await MysqlProxy.before(store.databaseUrl);
const frail = await serveMysql(proxy.url);
const prepared = reply('prepared');

const branchOn = (at: string): Branch => branchAt(at, '2pc', { payload: 'obey' });
/** The same branch, by way of another service. */
const by = (at: string, { gtid }: Branch): Branch => branchAt(at, '2pc', { gtid, payload: 'obey' });
const effects = ({ gtid }: Branch): Promise<readonly string[]> => store.effectsOf(gtid);
const isPrepared = ({ gtid }: Branch): Promise<boolean> => store.isPrepared(gtid);

describe('a branch that another process has prepared', () => {
  test.each(['commit', 'rollback'] as const)(
    '%s: told to ask again while that holds it, which is not taken for done',
    async (order) => {
      const owner = await serveMysql(store.databaseUrl, { holdMs: HOLD_FOREVER_MS });
      const branch = branchOn(owner.url);
      expect(await branch.call('prepare', 1)).toEqual(prepared);
      expect(await by(url, branch).call('prepare', 1)).toEqual(prepared);
      expect(await by(url, branch).call(order, 2)).toEqual(working);
      expect(await isPrepared(branch)).toBe(true);
      await owner.end();
      const settled = await untilSettled(() => by(url, branch).call(order, 2));
      expect(settled).toEqual(acknowledged);
      expect(await isPrepared(branch)).toBe(false);
      expect(await effects(branch)).toEqual(order === 'commit' ? ['prepare'] : []);
    },
  );

  test('shows that its session lives, for nobody else may touch it until then', async () => {
    const branch = branchOn(frail.url);
    await branch.call('prepare', 1);
    const [rows] = await store.pool.query<RowDataPacket[]>(
      `select is_used_lock(concat('concordat:', sha1(?))) as holder`,
      [nameOf(branch.gtid)],
    );
    expect(rows[0]?.['holder']).toEqual(expect.any(Number));
    expect(await untilSettled(() => by(url, branch).call('rollback', 2))).toEqual(acknowledged);
  });

  test('is ended as soon as that lets go of it, within one call', async () => {
    const owner = await serveMysql(store.databaseUrl, { holdMs: 200 });
    const patient = await serveMysql(store.databaseUrl, { holdMs: 5_000 });
    const branch = branchOn(owner.url);
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await by(patient.url, branch).call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('more of them than the pool has sessions: the oldest are let go', async () => {
    const few = await serveMysql(store.databaseUrl, { sessionsMax: 2, holdMs: HOLD_FOREVER_MS });
    const branches = Array.from({ length: 5 }, () => branchOn(few.url));
    for (const branch of branches) expect(await branch.call('prepare', 1)).toEqual(prepared);
    for (const branch of branches) {
      expect(await untilSettled(() => branch.call('commit', 2))).toEqual(acknowledged);
      expect(await effects(branch)).toEqual(['prepare']);
    }
  });
});

describe('a rollback between two statements of prepare', () => {
  test('before prepare asks for the name: acknowledged, and the prepare is stale', async () => {
    const branch = branchOn(frail.url);
    const door = proxy.once('request', /^xa start/, 'hold');
    const vote = branch.call('prepare', 1);
    await door.reached;
    expect(await by(url, branch).call('rollback', 2)).toEqual(acknowledged);
    door.open();
    expect(await vote).toEqual(stale);
    expect(door.fired).toBe(1);
    expect(await isPrepared(branch)).toBe(false);
  });

  test('between its name and its look: told to ask again, and the prepare is stale', async () => {
    const branch = branchOn(frail.url);
    const door = proxy.once('reply', /^xa start/, 'hold');
    const vote = branch.call('prepare', 1);
    await door.reached;
    expect(await by(url, branch).call('rollback', 2)).toEqual(working);
    door.open();
    expect(await vote).toEqual(stale);
    expect(await by(url, branch).call('rollback', 2)).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
  });

  test('before it prepares: told to ask again, and then rolls back what was prepared', async () => {
    const branch = branchOn(frail.url);
    const door = proxy.once('request', /^xa prepare/, 'hold');
    const vote = branch.call('prepare', 1);
    await door.reached;
    expect(await by(url, branch).call('rollback', 2)).toEqual(working);
    door.open();
    expect(await vote).toEqual(prepared);
    expect(await untilSettled(() => by(url, branch).call('rollback', 2))).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
    expect(await effects(branch)).toEqual([]);
  });
});

describe('a commit', () => {
  test('between the look and the XA COMMIT of another copy: both are acknowledged', async () => {
    const branch = branchOn(frail.url);
    await branch.call('prepare', 1);
    const door = proxy.once('request', /^xa commit/, 'hold');
    const first = branch.call('commit', 2);
    await door.reached;
    const second = untilSettled(() => branch.call('commit', 2));
    door.open();
    expect(await first).toEqual(acknowledged);
    expect(await second).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('after a rollback that is only recorded is stale: the branch is rolled back', async () => {
    const branch = branchOn(frail.url);
    await branch.call('prepare', 1);
    await isCut({ at: 'request', of: /^xa rollback/ }, branch, 'rollback', 3);
    expect(await isPrepared(branch)).toBe(true);
    expect(await branch.call('commit', 2)).toEqual(stale);
    expect(await untilSettled(() => branch.call('rollback', 3))).toEqual(acknowledged);
    expect(await effects(branch)).toEqual([]);
  });
});

async function isCut(
  { at, of }: Moment,
  branch: Branch,
  operation: 'prepare' | 'commit' | 'rollback' | 'try',
  token: number,
): Promise<void> {
  const cut = proxy.once(at, of, 'cut');
  expect((await branch.call(operation, token)).type).toBe('in-doubt');
  expect(cut.fired).toBe(1);
}

describe('a connection that is lost at the worst moment', () => {
  test('prepare, request lost: in doubt; asked again it prepares', async () => {
    const branch = branchOn(frail.url);
    await isCut({ at: 'request', of: /^xa prepare/ }, branch, 'prepare', 1);
    expect(await untilSettled(() => branch.call('prepare', 1))).toEqual(prepared);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('prepare, answer lost: in doubt; asked again it says what it has prepared', async () => {
    const branch = branchOn(frail.url);
    await isCut({ at: 'reply', of: /^xa prepare/ }, branch, 'prepare', 1);
    expect(await isPrepared(branch)).toBe(true);
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await untilSettled(() => branch.call('commit', 2))).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test.each(['request', 'reply'] as const)(
    'commit, %s lost: in doubt; asked again it is acknowledged',
    async (at) => {
      const branch = branchOn(frail.url);
      await branch.call('prepare', 1);
      await isCut({ at, of: /^xa commit/ }, branch, 'commit', 2);
      expect(await isPrepared(branch)).toBe(at === 'request');
      expect(await untilSettled(() => branch.call('commit', 2))).toEqual(acknowledged);
      expect(await effects(branch)).toEqual(['prepare']);
    },
  );

  test.each(['request', 'reply'] as const)(
    'rollback, %s lost: in doubt; asked again it is acknowledged',
    async (at) => {
      const branch = branchOn(frail.url);
      await branch.call('prepare', 1);
      await isCut({ at, of: /^xa rollback/ }, branch, 'rollback', 2);
      expect(await untilSettled(() => branch.call('rollback', 2))).toEqual(acknowledged);
      expect(await isPrepared(branch)).toBe(false);
      expect(await effects(branch)).toEqual([]);
    },
  );

  test.each(['request', 'reply'] as const)(
    'the commit of local work, %s lost: in doubt; asked again it was done once',
    async (at) => {
      const branch = branchAt(frail.url, 'tcc', { payload: 'obey' });
      await isCut({ at, of: /^commit/ }, branch, 'try', 1);
      const tried = reply('tried', { result: { by: 'try', token: 1 } });
      expect(await untilSettled(() => branch.call('try', 1))).toEqual(tried);
      expect(await effects(branch)).toEqual(['try']);
    },
  );

  test('the record of a refusal, answer lost: asked again it is the refusal', async () => {
    const branch = branchAt(frail.url, '2pc', { payload: 'refuse' });
    await isCut({ at: 'reply', of: /^xa commit/ }, branch, 'prepare', 1);
    const refused = reply('refused', { note: 'not today' });
    expect(await branch.call('prepare', 1, { payload: 'obey' })).toEqual(refused);
    expect(await isPrepared(branch)).toBe(false);
  });
});

test('a session that is ended while a handler runs: asked again it prepares', async () => {
  const branch = branchAt(url, '2pc', { payload: 'wait' });
  const door = (store.service.scripted.door = latch());
  const vote = branch.call('prepare', 1);
  await door.reached;
  await store.endSessionsAtWork();
  door.open();
  expect((await vote).type).toBe('in-doubt');
  const again = () => branch.call('prepare', 1, { payload: 'obey' });
  expect(await untilSettled(again)).toEqual(prepared);
  expect(await branch.call('commit', 2)).toEqual(acknowledged);
  expect(await effects(branch)).toEqual(['prepare']);
});

test('a branch that has the name and not our marker is not taken for our work', async () => {
  const branch = branchOn(url);
  const session = await store.pool.getConnection();
  await session.query(`xa start ${nameOf(branch.gtid)}`);
  await session.query(`xa end ${nameOf(branch.gtid)}`);
  await session.query(`xa prepare ${nameOf(branch.gtid)}`);
  session.destroy();
  const gone = reply('heuristic-rollback', { note: 'the work is not here' });
  expect(await untilSettled(() => branch.call('commit', 2))).toEqual(gone);
  expect(await preparedNames(store.pool)).not.toContain(nameOf(branch.gtid));
});
