// 2PC by PREPARE TRANSACTION, at exact moments: a rollback between two statements of a prepare,
// and a connection that is lost just before, or just after, the statement that matters.
import { nodeHandler } from '@concordat/participant-sdk';
import { afterAll, describe, expect, test } from 'vitest';
import type { Branch } from './calling.js';
import { acknowledged, branchAt, reply, serve, stale, untilSettled, working } from './calling.js';
import { poolOf, preparedGids, serviceDatabase } from './databases.js';
import { ExactProxy } from './exact-proxy.js';
import { createEffects, effectsOf, scripted } from './scripted.js';

const { databaseUrl, pool } = await serviceDatabase();
await createEffects(pool);
const url = await serve(nodeHandler(scripted(pool).participant, { prefix: '' }));

const proxy = await ExactProxy.before(databaseUrl);
const frailPool = poolOf(proxy.url, 4);
afterAll(() => frailPool.end());
const frail = await serve(nodeHandler(scripted(frailPool).participant, { prefix: '' }));

const frailBranch = (): Branch => branchAt(frail, '2pc', { payload: 'obey' });
const effects = ({ gtid }: Branch): Promise<readonly string[]> => effectsOf(pool, gtid);
const isPrepared = async ({ gtid }: Branch): Promise<boolean> =>
  (await preparedGids(pool)).some((gid) => gid.includes(gtid));
const prepared = reply('prepared');

describe('a rollback between two statements of prepare', () => {
  test('before prepare asks for the lock: acknowledged, and the prepare is stale', async () => {
    const branch = frailBranch();
    const door = proxy.holdBefore('pg_try_advisory_xact_lock');
    const vote = branch.call('prepare', 1);
    await door.reached;
    const direct = branchAt(url, '2pc', { gtid: branch.gtid });
    expect(await direct.call('rollback', 2)).toEqual(acknowledged);
    door.open();
    expect(await vote).toEqual(stale);
    expect(await isPrepared(branch)).toBe(false);
  });

  test('after prepare has the lock: told to ask again, and the prepare is stale', async () => {
    const branch = frailBranch();
    const door = proxy.holdBefore('concordat_branch_committed');
    const vote = branch.call('prepare', 1);
    await door.reached;
    const direct = branchAt(url, '2pc', { gtid: branch.gtid });
    expect(await direct.call('rollback', 2)).toEqual(working);
    door.open();
    expect(await vote).toEqual(stale);
    expect(await untilSettled(() => direct.call('rollback', 2))).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
  });
});

describe('a connection that is lost at the worst moment', () => {
  async function isCut(
    branch: Branch,
    operation: 'prepare' | 'commit' | 'rollback',
    token: number,
  ) {
    const before = proxy.cuts;
    expect((await branch.call(operation, token)).type).toBe('in-doubt');
    expect(proxy.cuts).toBe(before + 1);
  }

  test('prepare, request lost: in doubt; asked again it prepares', async () => {
    const branch = frailBranch();
    proxy.cutBefore('prepare transaction');
    await isCut(branch, 'prepare', 1);
    expect(await untilSettled(() => branch.call('prepare', 1))).toEqual(prepared);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('prepare, answer lost: in doubt; asked again it says what it has prepared', async () => {
    const branch = frailBranch();
    proxy.cutAfter('PREPARE TRANSACTION');
    await isCut(branch, 'prepare', 1);
    expect(await isPrepared(branch)).toBe(true);
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('prepare, answer lost, then a rollback: nothing is left', async () => {
    const branch = frailBranch();
    proxy.cutAfter('PREPARE TRANSACTION');
    await isCut(branch, 'prepare', 1);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
  });

  test.each([
    ['request', (): void => proxy.cutBefore('commit prepared')],
    ['answer', (): void => proxy.cutAfter('COMMIT PREPARED')],
  ])('commit, %s lost: in doubt; asked again it is acknowledged', async (_, arm) => {
    const branch = frailBranch();
    await branch.call('prepare', 1);
    arm();
    await isCut(branch, 'commit', 2);
    expect(await untilSettled(() => branch.call('commit', 2))).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test.each([
    ['request', (): void => proxy.cutBefore('rollback prepared')],
    ['answer', (): void => proxy.cutAfter('ROLLBACK PREPARED')],
  ])('rollback, %s lost: in doubt; asked again it is acknowledged', async (_, arm) => {
    const branch = frailBranch();
    await branch.call('prepare', 1);
    arm();
    await isCut(branch, 'rollback', 2);
    expect(await untilSettled(() => branch.call('rollback', 2))).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
    expect(await effects(branch)).toEqual([]);
  });

  test('a late commit is stale while a rollback is only half done', async () => {
    const branch = frailBranch();
    await branch.call('prepare', 1);
    proxy.cutBefore('rollback prepared');
    await isCut(branch, 'rollback', 3);
    expect(await isPrepared(branch)).toBe(true);
    expect(await branch.call('commit', 2)).toEqual(stale);
    expect(await branch.call('rollback', 3)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual([]);
  });
});
