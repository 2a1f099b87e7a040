// 2PC by PREPARE TRANSACTION.
import { nodeHandler } from '@concordat/participant-sdk';
import { describe, expect, test } from 'vitest';
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
import { createEffects, effectsOf, scripted } from './scripted.js';

const { databaseUrl, pool } = await serviceDatabase();
await createEffects(pool);
const service = scripted(pool);
const url = await serve(nodeHandler(service.participant, { prefix: '' }));

const branchOf = (payload = 'obey'): Branch => branchAt(url, '2pc', { payload });
const gidOf = ({ gtid, id }: Branch): string => `concordat:${gtid}:${id}`;
const effects = (branch: Branch): Promise<readonly string[]> => effectsOf(pool, branch.gtid);
const isPrepared = async (branch: Branch): Promise<boolean> =>
  (await preparedGids(pool)).includes(gidOf(branch));
const prepared = reply('prepared');
const gone = reply('heuristic-rollback', { note: 'the work is not here' });
const done = reply('heuristic-commit', { note: 'the work is committed here' });

async function barrierRows({ gtid }: Branch): Promise<number> {
  const { rowCount } = await pool.query('select from concordat_barrier where gtid = $1', [gtid]);
  return rowCount ?? 0;
}

describe('prepare', () => {
  test('leaves the work prepared: seen by nobody, and there after a commit', async () => {
    const branch = branchOf();
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await isPrepared(branch)).toBe(true);
    expect(await effects(branch)).toEqual([]);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('the path that commits writes no row of the barrier', async () => {
    const branch = branchOf();
    await branch.call('prepare', 1);
    await branch.call('commit', 2);
    expect(await barrierRows(branch)).toBe(0);
  });

  test('prepare twice is prepared, and has been done once', async () => {
    const branch = branchOf();
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('a duplicate while the work runs is told to ask again', async () => {
    service.door = latch();
    const branch = branchOf('wait');
    const first = branch.call('prepare', 1);
    await service.door.reached;
    expect(await branch.call('prepare', 1)).toEqual(working);
    service.door.open();
    expect(await first).toEqual(prepared);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
  });

  test('a late duplicate after the commit is stale, and prepares nothing', async () => {
    const branch = branchOf();
    await branch.call('prepare', 1);
    await branch.call('commit', 2);
    expect(await branch.call('prepare', 1)).toEqual(stale);
    expect(await isPrepared(branch)).toBe(false);
  });

  test('work that wrote nothing is a read-only vote, prepares nothing, and is remembered', async () => {
    const branch = branchOf('only-read');
    expect(await branch.call('prepare', 1)).toEqual(reply('read-only'));
    expect(await branch.call('prepare', 1, { payload: 'obey' })).toEqual(reply('read-only'));
    expect(await isPrepared(branch)).toBe(false);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
  });

  test('a refusal leaves no writes, but is remembered', async () => {
    const branch = branchOf('refuse');
    const refused = reply('refused', { note: 'not today' });
    expect(await branch.call('prepare', 1)).toEqual(refused);
    expect(await branch.call('prepare', 1, { payload: 'obey' })).toEqual(refused);
    expect(await isPrepared(branch)).toBe(false);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
  });

  test('a handler that throws is in doubt, and is run when it comes again', async () => {
    const branch = branchOf();
    expect((await branch.call('prepare', 1, { payload: 'throw' })).type).toBe('in-doubt');
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    await branch.call('rollback', 2);
  });

  test('an SQL error that a handler swallows is not a vote', async () => {
    const branch = branchOf('swallow');
    expect((await branch.call('prepare', 1)).type).toBe('in-doubt');
    expect(await isPrepared(branch)).toBe(false);
  });

  test('a null where none may be is the mistake of a handler, not work that has only read', async () => {
    const branch = branchOf('mistake');
    expect((await branch.call('prepare', 1)).type).toBe('in-doubt');
    expect(await branch.call('prepare', 1, { payload: 'obey' })).toEqual(prepared);
    await branch.call('rollback', 2);
  });

  test('a handler that waits too long for a lock refuses: it may be a cycle of databases', async () => {
    const impatient = scripted(pool, 100);
    const other = await serve(nodeHandler(impatient.participant, { prefix: '' }));
    const holder = await pool.connect();
    await holder.query('begin; lock table effect');
    const branch = branchAt(other, '2pc', { payload: 'obey' });
    const vote = await branch.call('prepare', 1);
    await holder.query('rollback');
    holder.release();
    expect(vote).toEqual(reply('refused', { note: 'waited too long for a lock' }));
    expect(await branch.call('prepare', 1)).toEqual(vote);
  });
});

describe('rollback', () => {
  test('rolls back what was prepared, also when asked twice', async () => {
    const branch = branchOf();
    await branch.call('prepare', 1);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
    expect(await effects(branch)).toEqual([]);
  });

  test('before prepare: an empty rollback is acknowledged, and the late prepare is stale', async () => {
    const branch = branchOf();
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await branch.call('prepare', 1)).toEqual(stale);
    expect(await isPrepared(branch)).toBe(false);
  });

  test('during prepare: told to ask again, and then rolls back what was prepared', async () => {
    service.door = latch();
    const branch = branchOf('wait');
    const vote = branch.call('prepare', 1);
    await service.door.reached;
    expect(await branch.call('rollback', 2)).toEqual(working);
    service.door.open();
    expect(await vote).toEqual(prepared);
    expect(await branch.call('prepare', 1)).toEqual(stale);
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await isPrepared(branch)).toBe(false);
    expect(await effects(branch)).toEqual([]);
  });

  test('during a prepare that refuses: the refusal is stale by then', async () => {
    service.door = latch();
    const branch = branchOf('wait-and-refuse');
    const vote = branch.call('prepare', 1);
    await service.door.reached;
    expect(await branch.call('rollback', 2)).toEqual(working);
    service.door.open();
    expect(await vote).toEqual(stale);
    expect(await untilSettled(() => branch.call('rollback', 2))).toEqual(acknowledged);
  });

  test('after somebody committed by hand says that the work is committed', async () => {
    const branch = branchOf();
    await branch.call('prepare', 1);
    await pool.query(`commit prepared '${gidOf(branch)}'`);
    expect(await branch.call('rollback', 2)).toEqual(done);
    expect(await effects(branch)).toEqual(['prepare']);
  });
});

describe('commit', () => {
  test('twice is acknowledged twice, and has committed once', async () => {
    const branch = branchOf();
    await branch.call('prepare', 1);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('of what was prepared over a pool that is gone', async () => {
    const doomed = poolOf(databaseUrl);
    const first = await serve(nodeHandler(scripted(doomed).participant, { prefix: '' }));
    const branch = branchAt(first, '2pc', { payload: 'obey' });
    expect(await branch.call('prepare', 1)).toEqual(prepared);
    await doomed.end();
    const survivor = branchAt(url, '2pc', { gtid: branch.gtid });
    expect(await survivor.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('after a crash between COMMIT PREPARED and the answer is acknowledged', async () => {
    const branch = branchOf();
    await branch.call('prepare', 1);
    await pool.query(`commit prepared '${gidOf(branch)}'`);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('after somebody rolled back by hand is a heuristic rollback, and stays one', async () => {
    const branch = branchOf();
    await branch.call('prepare', 1);
    await pool.query(`rollback prepared '${gidOf(branch)}'`);
    expect(await branch.call('commit', 2)).toEqual(gone);
    expect(await branch.call('prepare', 1)).toEqual(stale);
    expect(await branch.call('commit', 2)).toEqual(gone);
    expect(await effects(branch)).toEqual([]);
  });

  test('with a token lower than that of a rollback is stale', async () => {
    const branch = branchOf();
    await branch.call('rollback', 3);
    expect(await branch.call('commit', 2)).toEqual(stale);
  });

  test('while a prepare runs is told to ask again: that is not work that is gone', async () => {
    service.door = latch();
    const branch = branchOf('wait');
    const vote = branch.call('prepare', 1);
    await service.door.reached;
    expect(await branch.call('commit', 2)).toEqual(working);
    service.door.open();
    expect(await vote).toEqual(prepared);
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effects(branch)).toEqual(['prepare']);
  });

  test('leaves prepared transactions that are not of Concordat alone', async () => {
    const client = await pool.connect();
    await client.query('begin');
    await client.query(`insert into effect values ('foreign', 'x', 'y')`);
    await client.query(`prepare transaction 'foreign'`);
    client.release();
    const branch = branchAt(url, '2pc', { gtid: 'foreign', payload: 'obey' });
    expect(await branch.call('rollback', 2)).toEqual(acknowledged);
    expect(await branch.call('commit', 3)).toEqual(gone);
    expect(await preparedGids(pool)).toContain('foreign');
    await pool.query(`rollback prepared 'foreign'`);
  });
});

describe('everything at once', () => {
  const ROUNDS = 25;

  test('prepares and rollbacks that race leave nothing prepared and nothing done', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const branch = branchOf();
      const answers = await Promise.all([
        branch.call('prepare', 1),
        untilSettled(() => branch.call('rollback', 2)),
        branch.call('prepare', 1),
        untilSettled(() => branch.call('rollback', 2)),
      ]);
      expect(answers[1]).toEqual(acknowledged);
      expect(answers[3]).toEqual(acknowledged);
      expect(await isPrepared(branch)).toBe(false);
      expect(await branch.call('prepare', 1)).toEqual(stale);
      expect(await effects(branch)).toEqual([]);
    }
  });

  test('prepares that race prepare once, and commits that race commit once', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const branch = branchOf();
      const four = [1, 2, 3, 4];
      const vote = () => untilSettled(() => branch.call('prepare', 1));
      const commit = () => untilSettled(() => branch.call('commit', 2));
      expect(await Promise.all(four.map(vote))).toEqual(four.map(() => prepared));
      expect(await Promise.all(four.map(commit))).toEqual(four.map(() => acknowledged));
      expect(await effects(branch)).toEqual(['prepare']);
    }
  });
});

test('an order for what is not prepared costs no connection', async () => {
  const own = poolOf(databaseUrl, 1);
  const backend = async (): Promise<number | undefined> =>
    (await own.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
  const alone = await serve(nodeHandler(scripted(own).participant, { prefix: '' }));
  const before = await backend();
  const branch = branchAt(alone, '2pc', { payload: 'obey' });
  expect(await branch.call('rollback', 1)).toEqual(acknowledged);
  expect(await branch.call('commit', 2)).toEqual(gone);
  expect(await backend()).toBe(before);
  await own.end();
});
