// A MariaDB server that is killed between prepare and outcome, and one that has lost its way to a
// branch because somebody has reset the session which had prepared it.
import type { ParticipantAnswer } from '@concordat/wire';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ownMariadb } from '../support/mariadb.js';
import { eventually } from '../support/eventually.js';
import type { Branch } from './calling.js';
import { acknowledged, branchAt, latch, reply, stale } from './calling.js';
import { createMysqlEffects, mysqlWatch, nameOf, serveMysql } from './mysql-store.js';
import type { Served } from './stores.js';

const server = await ownMariadb();
const watch = mysqlWatch(server.pool);
const prepared = reply('prepared');
let service: Served;

beforeAll(async () => {
  await server.start();
  await createMysqlEffects(server.pool);
  service = await serveMysql(server.url, { lockTimeoutMs: 1_000 });
});

afterAll(() => service.end());

const branchOf = (payload = 'obey'): Branch => branchAt(service.url, '2pc', { payload });

/** The sessions that the pool had before a crash are found out one by one. */
function untilKnown(ask: () => Promise<ParticipantAnswer>): Promise<ParticipantAnswer> {
  return eventually('an answer that is known', async () => {
    const answer = await ask();
    return answer.type !== 'working' && answer.type !== 'in-doubt' && answer;
  });
}

async function crash(): Promise<void> {
  await server.kill();
  await server.start();
}

describe('a server that is killed after prepare', () => {
  test.each([
    ['commit', ['prepare']],
    ['rollback', []],
  ] as const)('has the branch when it is back: %s', async (order, effects) => {
    const branch = branchOf();
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    await crash();
    expect(await watch.isPrepared(branch.gtid)).toBe(true);
    expect(await untilKnown(() => branch.call('prepare', 1))).toEqual(prepared);
    expect(await untilKnown(() => branch.call(order, 2))).toEqual(acknowledged);
    expect(await watch.isPrepared(branch.gtid)).toBe(false);
    expect(await watch.effectsOf(branch.gtid)).toEqual(effects);
    expect(await branch.call('prepare', 1)).toEqual(stale);
  });

  test('answers what was in doubt when it is back', async () => {
    const branch = branchOf();
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    await server.kill();
    expect((await branch.call('commit', 2)).type).toBe('in-doubt');
    await server.start();
    expect(await untilKnown(() => branch.call('commit', 2))).toEqual(acknowledged);
    expect(await watch.effectsOf(branch.gtid)).toEqual(['prepare']);
  });
});

/** MariaDB answers XA ROLLBACK before it is on the disk; nobody would end the branch again. */
test('a server that is killed right after a rollback does not bring the branch back', async () => {
  const branches = Array.from({ length: 5 }, () => branchOf());
  for (const branch of branches) expect(await branch.call('prepare', 1)).toEqual(prepared);
  for (const branch of branches) expect(await branch.call('rollback', 2)).toEqual(acknowledged);
  await crash();
  for (const { gtid } of branches) expect(await watch.isPrepared(gtid)).toBe(false);
});

test('a server that is killed while a handler runs has nothing of it when it is back', async () => {
  const branch = branchOf('wait');
  const door = (service.scripted.door = latch());
  const vote = branch.call('prepare', 1);
  await door.reached;
  await crash();
  door.open();
  expect((await vote).type).toBe('in-doubt');
  expect(await watch.isPrepared(branch.gtid)).toBe(false);
  expect(await watch.effectsOf(branch.gtid)).toEqual([]);
});

describe('a branch whose session was reset, as some proxies do', () => {
  /** Prepares the branch without the service. MariaDB has no way to it afterwards. */
  async function prepareAndReset({ gtid, id }: Branch): Promise<void> {
    const session = await server.pool.getConnection();
    await session.query(`xa start ${nameOf(gtid)}`);
    await session.query('insert into effect values (?, ?, ?)', [gtid, id, 'prepare']);
    await session.query('insert into concordat_branch_committed (gtid, branch) values (?, ?)', [
      gtid,
      id,
    ]);
    await session.query(`xa end ${nameOf(gtid)}`);
    await session.query(`xa prepare ${nameOf(gtid)}`);
    await session.reset(); // and lives on: closed, it would have let go of the branch
    onTestFinished(() => session.destroy());
  }

  test('commit: not taken for done, nor for gone; after a restart it is done', async () => {
    const branch = branchOf();
    await prepareAndReset(branch);
    expect((await branch.call('commit', 2)).type).toBe('in-doubt');
    expect((await branch.call('commit', 2)).type).toBe('in-doubt');
    expect(service.scripted.reported.at(-1)).toMatch('out of reach');
    expect(await watch.effectsOf(branch.gtid)).toEqual([]);
    await crash();
    expect(await watch.isPrepared(branch.gtid)).toBe(true);
    expect(await untilKnown(() => branch.call('commit', 2))).toEqual(acknowledged);
    expect(await watch.effectsOf(branch.gtid)).toEqual(['prepare']);
  });

  test('rollback: not taken for done; after a restart it is done', async () => {
    const branch = branchOf();
    await prepareAndReset(branch);
    expect((await branch.call('rollback', 2)).type).toBe('in-doubt');
    expect((await branch.call('rollback', 2)).type).toBe('in-doubt');
    await crash();
    expect(await untilKnown(() => branch.call('rollback', 2))).toEqual(acknowledged);
    expect(await watch.isPrepared(branch.gtid)).toBe(false);
    expect(await watch.effectsOf(branch.gtid)).toEqual([]);
  });
});
