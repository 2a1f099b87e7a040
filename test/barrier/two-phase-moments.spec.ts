// 2PC by PREPARE TRANSACTION, at exact moments: a rollback between two statements of a prepare,
// another copy between the end of work that prepares nothing and the record of its vote, and a
// connection that is lost just before, or just after, the statement that matters.
import { nodeHandler } from '@concordat/participant-sdk';
import { afterAll, describe, expect, test } from 'vitest';
import type { Branch } from './calling.js';
import {
  acknowledged,
  branchAt,
  latch,
  reply,
  serve,
  stale,
  untilSettled,
  working,
} from './calling.js';
import { poolOf, preparedGids, serviceDatabase } from './databases.js';
import { eventually } from '../support/eventually.js';
import type { Moment as MomentOf } from '../support/postgres-proxy.js';
import {
  COMMIT_PREPARED,
  failureOf,
  PostgresProxy,
  PREPARE_TRANSACTION,
  replyOf,
  requestOf,
  ROLLBACK,
  ROLLBACK_PREPARED,
  saying,
} from '../support/postgres-proxy.js';
import type { Script } from './scripted.js';
import { createEffects, effectsOf, scripted } from './scripted.js';

const { databaseUrl, pool } = await serviceDatabase();
await createEffects(pool);
const service = scripted(pool);
const url = await serve(nodeHandler(service.participant, { prefix: '' }));

const proxy = await PostgresProxy.before(databaseUrl);
const TRIES_LOCK = requestOf(saying('pg_try_advisory_xact_lock'));
const frailPool = poolOf(proxy.url, 4);
afterAll(() => frailPool.end());
const frailService = scripted(frailPool);
const frail = await serve(nodeHandler(frailService.participant, { prefix: '' }));

const frailBranch = (): Branch => branchAt(frail, '2pc', { payload: 'obey' });
/** The same branch, over a connection that nothing happens to. */
const directly = ({ gtid }: Branch, payload: Script = 'obey'): Branch =>
  branchAt(url, '2pc', { gtid, payload });
const effects = ({ gtid }: Branch): Promise<readonly string[]> => effectsOf(pool, gtid);
const isPrepared = async ({ gtid }: Branch): Promise<boolean> =>
  (await preparedGids(pool)).some((gid) => gid.includes(gtid));
const prepared = reply('prepared');

describe('a rollback between two statements of prepare', () => {
  test('before prepare asks for the lock: acknowledged, and the prepare is stale', async () => {
    const branch = frailBranch();
    const door = proxy.once(TRIES_LOCK, 'hold');
    const vote = branch.call('prepare', 1);
    await door.reached;
    const direct = branchAt(url, '2pc', { gtid: branch.gtid });
    expect(await direct.call('rollback', 2)).toEqual(acknowledged);
    door.open();
    expect(await vote).toEqual(stale);
    expect(door.fired).toBe(1);
    expect(await isPrepared(branch)).toBe(false);
  });

  test('between its lock and its look: told to ask again, and the prepare is stale', async () => {
    const branch = directly(frailBranch());
    const holder = await pool.connect();
    await holder.query('begin; lock table concordat_branch_committed');
    const vote = branch.call('prepare', 1);
    await untilWaiting(1);
    const order = branch.call('rollback', 2);
    await untilWaiting(2);
    await holder.query('rollback');
    holder.release();
    expect(await vote).toEqual(stale);
    expect(await order).toEqual(working);
    expect(await untilSettled(() => branch.call('rollback', 2))).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
  });

  /** Until so many sessions wait for a table, each in the look that follows its try of the lock. */
  async function untilWaiting(sessions: number): Promise<void> {
    await eventually('sessions wait for a lock', async () => {
      const { rowCount } = await pool.query(
        `select from pg_locks where relation = 'concordat_branch_committed'::regclass
            and not granted`,
      );
      return rowCount === sessions;
    });
  }
});

describe('between the rollback of work that prepares nothing and the record of its vote', () => {
  interface Moment {
    readonly branch: Branch;
    readonly vote: ReturnType<Branch['call']>;
    readonly goOn: () => void;
  }

  /** A refusal that nobody has heard, its work rolled back, about to take the lock again. */
  async function refusing(): Promise<Moment> {
    const branch = frailBranch();
    const handler = (frailService.door = latch());
    const vote = branch.call('prepare', 1, { payload: 'wait-and-refuse' });
    await handler.reached;
    const door = proxy.once(TRIES_LOCK, 'hold');
    handler.open();
    await door.reached;
    return { branch, vote, goOn: door.open };
  }

  /** A read-only vote that nobody has heard: its marker has failed. */
  async function onlyReading(): Promise<Moment> {
    const branch = frailBranch();
    const door = proxy.once(requestOf(ROLLBACK), 'hold');
    const vote = branch.call('prepare', 1, { payload: 'only-read' });
    await door.reached;
    expect(await isPrepared(branch)).toBe(false);
    return { branch, vote, goOn: door.open };
  }

  describe.each([
    ['a refusal', refusing],
    ['a read-only vote', onlyReading],
  ])('%s', (_, reach) => {
    test('another copy prepares: both say prepared, and it commits once', async () => {
      const { branch, vote, goOn } = await reach();
      expect(await directly(branch).call('prepare', 1)).toEqual(prepared);
      goOn();
      expect(await vote).toEqual(prepared);
      expect(await branch.call('commit', 2)).toEqual(acknowledged);
      expect(await branch.call('commit', 2)).toEqual(acknowledged);
      expect(await effects(branch)).toEqual(['prepare']);
    });

    test('another copy records its own vote: both say that', async () => {
      const { branch, vote, goOn } = await reach();
      const refused = reply('refused', { note: 'not today' });
      expect(await directly(branch, 'refuse').call('prepare', 1)).toEqual(refused);
      goOn();
      expect(await vote).toEqual(refused);
      expect(await branch.call('prepare', 1)).toEqual(refused);
      expect(await isPrepared(branch)).toBe(false);
    });

    test('another copy is at work: told to ask again', async () => {
      const { branch, vote, goOn } = await reach();
      const door = (service.door = latch());
      const other = directly(branch, 'wait').call('prepare', 1);
      await door.reached;
      goOn();
      expect(await vote).toEqual(working);
      door.open();
      expect(await other).toEqual(prepared);
      expect(await branch.call('prepare', 1)).toEqual(prepared);
      expect(await branch.call('rollback', 2)).toEqual(acknowledged);
      expect(await isPrepared(branch)).toBe(false);
    });

    test('another copy prepares, and is committed: the vote is stale', async () => {
      const { branch, vote, goOn } = await reach();
      expect(await directly(branch).call('prepare', 1)).toEqual(prepared);
      expect(await directly(branch).call('commit', 2)).toEqual(acknowledged);
      goOn();
      expect(await vote).toEqual(stale);
      expect(await branch.call('commit', 2)).toEqual(acknowledged);
    });

    test('a rollback: acknowledged, and the vote is stale', async () => {
      const { branch, vote, goOn } = await reach();
      expect(await directly(branch).call('rollback', 2)).toEqual(acknowledged);
      goOn();
      expect(await vote).toEqual(stale);
      expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    });
  });

  test('the service is lost: nothing was said, and the question is asked afresh', async () => {
    const branch = frailBranch();
    const handler = (frailService.door = latch());
    const vote = branch.call('prepare', 1, { payload: 'wait-and-refuse' });
    await handler.reached;
    const cut = proxy.once(TRIES_LOCK, 'cut');
    handler.open();
    expect((await vote).type).toBe('in-doubt');
    expect(cut.fired).toBe(1);
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
  });
});

describe('a connection that is lost at the worst moment', () => {
  async function isCut(
    moment: MomentOf,
    branch: Branch,
    operation: 'prepare' | 'commit' | 'rollback',
    token: number,
    body: object = {},
  ) {
    const cut = proxy.once(moment, 'cut');
    expect((await branch.call(operation, token, body)).type).toBe('in-doubt');
    expect(cut.fired).toBe(1);
  }

  test('prepare, request lost: in doubt; asked again it prepares', async () => {
    const branch = frailBranch();
    await isCut(requestOf(PREPARE_TRANSACTION), branch, 'prepare', 1);
    expect(await untilSettled(() => branch.call('prepare', 1))).toEqual(prepared);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('prepare, answer lost: in doubt; asked again it says what it has prepared', async () => {
    const branch = frailBranch();
    await isCut(replyOf(PREPARE_TRANSACTION), branch, 'prepare', 1);
    expect(await isPrepared(branch)).toBe(true);
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('prepare of nothing, answer lost: in doubt, and nothing is prepared', async () => {
    const branch = frailBranch();
    const reading = { payload: 'only-read' };
    await isCut(failureOf(PREPARE_TRANSACTION), branch, 'prepare', 1, reading);
    expect(await isPrepared(branch)).toBe(false);
    expect(await branch.call('prepare', 1, reading)).toEqual(reply('read-only'));
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
  });

  test('prepare, answer lost, then a rollback: nothing is left', async () => {
    const branch = frailBranch();
    await isCut(replyOf(PREPARE_TRANSACTION), branch, 'prepare', 1);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
  });

  test.each([
    ['request', requestOf(COMMIT_PREPARED)],
    ['answer', replyOf(COMMIT_PREPARED)],
  ])('commit, %s lost: in doubt; asked again it is acknowledged', async (_, moment) => {
    const branch = frailBranch();
    await branch.call('prepare', 1);
    await isCut(moment, branch, 'commit', 2);
    expect(await untilSettled(() => branch.call('commit', 2))).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test.each([
    ['request', requestOf(ROLLBACK_PREPARED)],
    ['answer', replyOf(ROLLBACK_PREPARED)],
  ])('rollback, %s lost: in doubt; asked again it is acknowledged', async (_, moment) => {
    const branch = frailBranch();
    await branch.call('prepare', 1);
    await isCut(moment, branch, 'rollback', 2);
    expect(await untilSettled(() => branch.call('rollback', 2))).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
    expect(await effects(branch)).toEqual([]);
  });

  test('a late commit is stale while a rollback is only half done', async () => {
    const branch = frailBranch();
    await branch.call('prepare', 1);
    await isCut(requestOf(ROLLBACK_PREPARED), branch, 'rollback', 3);
    expect(await isPrepared(branch)).toBe(true);
    expect(await branch.call('commit', 2)).toEqual(stale);
    expect(await branch.call('rollback', 3)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual([]);
  });
});
