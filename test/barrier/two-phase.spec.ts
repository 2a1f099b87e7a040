// 2PC by what is prepared in the database: PREPARE TRANSACTION, or XA. On every store.
import { describe, expect, test } from 'vitest';
import type { Branch } from './calling.js';
import { acknowledged, branchAt, latch, reply, stale, untilSettled, working } from './calling.js';
import { mysqlStore } from './mysql-store.js';
import { postgresStore } from './stores.js';

const prepared = reply('prepared');
const gone = reply('heuristic-rollback', { note: 'the work is not here' });
const done = reply('heuristic-commit', { note: 'the work is committed here' });

const stores = [await postgresStore(), await mysqlStore()];

describe.each(stores)('on $name', (store) => {
  const { url, scripted: service } = store.service;
  const branchOf = (payload = 'obey'): Branch => branchAt(url, '2pc', { payload });
  const effects = ({ gtid }: Branch): Promise<readonly string[]> => store.effectsOf(gtid);
  const isPrepared = ({ gtid }: Branch): Promise<boolean> => store.isPrepared(gtid);

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
      expect(await store.rowsOf(branch.gtid)).toBe(0);
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
      const impatient = await store.serve({ lockTimeoutMs: 100 });
      const unlock = await store.lockEffects();
      const branch = branchAt(impatient.url, '2pc', { payload: 'obey' });
      const vote = await branch.call('prepare', 1);
      await unlock();
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
      await store.endByHand(branch.gtid, 'commit');
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
      const doomed = await store.serve();
      const branch = branchAt(doomed.url, '2pc', { payload: 'obey' });
      expect(await branch.call('prepare', 1)).toEqual(prepared);
      await doomed.end();
      const survivor = branchAt(url, '2pc', { gtid: branch.gtid });
      expect(await untilSettled(() => survivor.call('commit', 2))).toEqual(acknowledged);
      expect(await effects(branch)).toEqual(['prepare']);
    });

    test('after a crash between COMMIT PREPARED and the answer is acknowledged', async () => {
      const branch = branchOf();
      await branch.call('prepare', 1);
      await store.endByHand(branch.gtid, 'commit');
      expect(await branch.call('commit', 2)).toEqual(acknowledged);
      expect(await effects(branch)).toEqual(['prepare']);
    });

    test('after somebody rolled back by hand is a heuristic rollback, and stays one', async () => {
      const branch = branchOf();
      await branch.call('prepare', 1);
      await store.endByHand(branch.gtid, 'rollback');
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
      const foreign = await store.prepareForeign('foreign');
      const branch = branchAt(url, '2pc', { gtid: 'foreign', payload: 'obey' });
      expect(await branch.call('rollback', 2)).toEqual(acknowledged);
      expect(await branch.call('commit', 3)).toEqual(gone);
      expect(await foreign.isThere()).toBe(true);
      await foreign.rollBack();
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
    const alone = await store.serve({ sessionsMax: 1 });
    const before = await alone.session();
    const branch = branchAt(alone.url, '2pc', { payload: 'obey' });
    expect(await branch.call('rollback', 1)).toEqual(acknowledged);
    expect(await branch.call('commit', 2)).toEqual(gone);
    expect(await alone.session()).toBe(before);
  });
});
