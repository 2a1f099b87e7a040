// The barrier around work that commits locally: TCC, Saga, and 2PC in one phase. On every store.
import { ensureBarrier } from '@concordat/participant-sdk';
import { describe, expect, test } from 'vitest';
import type { Branch } from './calling.js';
import { acknowledged, branchAt, latch, reply, stale, untilSettled, working } from './calling.js';
import { eventually } from '../support/eventually.js';
import { poolOf } from './databases.js';
import { mysqlStore } from './mysql-store.js';
import { redisStore } from './redis-store.js';
import type { StoreUnderTest } from './stores.js';
import { postgresStore } from './stores.js';

const executed = (token: number) => reply('done', { result: { by: 'execute', token } });
const tried = (token: number) => reply('tried', { result: { by: 'try', token } });
const notToday = reply('refused', { note: 'not today' });

const postgres = await postgresStore();
const databases = [postgres, await mysqlStore()];
const stores: readonly StoreUnderTest[] = [...databases, await redisStore()];

describe.each(stores)('on $name', (store) => {
  const { url, scripted: service } = store.service;
  const effects = (gtid: string): Promise<readonly string[]> => store.effectsOf(gtid);
  const saga = (payload = 'obey'): Branch => branchAt(url, 'saga', { payload });
  const tcc = (payload = 'obey'): Branch => branchAt(url, 'tcc', { payload });

  describe('the same call', () => {
    test('a duplicate that comes after is answered the same, and nothing runs again', async () => {
      const branch = saga();
      expect(await branch.call('execute', 1)).toEqual(executed(1));
      expect(await branch.call('execute', 1)).toEqual(executed(1));
      expect(await effects(branch.gtid)).toEqual(['execute']);
    });

    test('the same token with another operation is in doubt, and runs nothing', async () => {
      const branch = tcc();
      await branch.call('try', 1);
      expect((await branch.call('cancel', 1)).type).toBe('in-doubt');
      expect(await effects(branch.gtid)).toEqual(['try']);
    });
  });

  describe('a stale call', () => {
    test('a lower token is stale, whatever it asks', async () => {
      const branch = tcc();
      await branch.call('try', 3);
      await branch.call('confirm', 5);
      expect(await branch.call('try', 3)).toEqual(stale);
      expect(await branch.call('cancel', 4)).toEqual(stale);
      expect(await effects(branch.gtid)).toEqual(['confirm', 'try']);
    });

    test('a late try after its cancel is stale', async () => {
      const branch = tcc();
      expect(await branch.call('cancel', 2)).toEqual(acknowledged);
      expect(await branch.call('try', 1)).toEqual(stale);
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('tokens are compared as numbers, far beyond 32 bits', async () => {
      const branch = saga();
      await branch.call('execute', 9_999_999_999);
      expect(await branch.call('compensate', 10_000_000_000)).toEqual(acknowledged);
      expect(await branch.call('execute', 9_999_999_999)).toEqual(stale);
    });
  });

  describe('an empty undo', () => {
    test('an empty cancel is acknowledged without running anything', async () => {
      const branch = tcc('throw');
      expect(await branch.call('cancel', 2)).toEqual(acknowledged);
      expect(await branch.call('cancel', 2)).toEqual(acknowledged);
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('an empty compensation does not even read the payload', async () => {
      const branch = saga('nonsense');
      expect(await branch.call('compensate', 2)).toEqual(acknowledged);
    });

    test('a branch that refused has nothing to undo', async () => {
      const branch = tcc('refuse');
      expect(await branch.call('try', 1)).toEqual(notToday);
      expect(await branch.call('cancel', 2, { payload: 'throw' })).toEqual(acknowledged);
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('an undo with a higher token does not undo a second time', async () => {
      const branch = saga();
      await branch.call('execute', 1);
      expect(await branch.call('compensate', 2)).toEqual(acknowledged);
      expect(await branch.call('compensate', 3)).toEqual(acknowledged);
      expect(await effects(branch.gtid)).toEqual(['compensate', 'execute']);
    });
  });

  describe('a refusal', () => {
    test('leaves no writes, but is remembered', async () => {
      const branch = tcc('refuse');
      expect(await branch.call('try', 1)).toEqual(notToday);
      expect(await branch.call('try', 1, { payload: 'obey' })).toEqual(notToday);
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('is asked afresh with a higher token', async () => {
      const branch = saga();
      expect(await branch.call('execute', 1, { payload: 'refuse' })).toEqual(notToday);
      expect(await branch.call('execute', 2)).toEqual(executed(2));
      expect(await effects(branch.gtid)).toEqual(['execute']);
    });

    test('is not remembered of a step after the pivot, which is asked until it is done', async () => {
      const branch = saga();
      expect(await branch.call('execute', 1, { payload: 'refuse' }, true)).toEqual(notToday);
      expect(await branch.call('execute', 1, { payload: 'obey' }, true)).toEqual(executed(1));
      expect(await effects(branch.gtid)).toEqual(['execute']);
    });

    test('a payload that cannot be parsed is refused with the reason', async () => {
      const branch = saga('nonsense');
      expect(await branch.call('execute', 1)).toEqual(reply('refused', { note: 'no such script' }));
    });

    test('an order that cannot be obeyed balks, and is run when it comes again', async () => {
      const branch = saga();
      await branch.call('execute', 1);
      const balked = await branch.call('compensate', 2, { payload: 'refuse' });
      expect(balked).toEqual({ type: 'balked', reason: 'not today' });
      expect(await effects(branch.gtid)).toEqual(['execute']);
      expect(await branch.call('compensate', 2)).toEqual(acknowledged);
      expect(await effects(branch.gtid)).toEqual(['compensate', 'execute']);
    });
  });

  describe('a handler that fails', () => {
    test('a handler that throws is in doubt, leaves nothing, and is run when it comes again', async () => {
      const branch = tcc();
      expect((await branch.call('try', 1, { payload: 'throw' })).type).toBe('in-doubt');
      expect(service.reported.at(-1)).toBe('Error: out of order');
      expect(await effects(branch.gtid)).toEqual([]);
      expect(await branch.call('try', 1)).toEqual(tried(1));
      expect(await effects(branch.gtid)).toEqual(['try']);
    });

    test('what a handler throws is not told to the coordinator', async () => {
      const answer = await saga('throw').call('execute', 1);
      expect(JSON.stringify(answer)).not.toContain('out of order');
    });
  });

  describe('an order that contradicts what has become of the work', () => {
    test('a confirm of what was never tried says that the work is not here', async () => {
      const branch = tcc();
      const gone = reply('heuristic-rollback', { note: 'the work is not here' });
      expect(await branch.call('confirm', 2)).toEqual(gone);
      expect(await branch.call('confirm', 2)).toEqual(gone);
      expect(await branch.call('try', 1)).toEqual(stale);
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('a cancel of what was confirmed says that the work is committed', async () => {
      const branch = tcc();
      await branch.call('try', 1);
      await branch.call('confirm', 2);
      expect(await branch.call('cancel', 3)).toMatchObject(reply('heuristic-commit'));
      expect(await effects(branch.gtid)).toEqual(['confirm', 'try']);
    });

    test('a try with a higher token, after a try, is in doubt', async () => {
      const branch = tcc();
      await branch.call('try', 1);
      expect((await branch.call('try', 2)).type).toBe('in-doubt');
      expect(await effects(branch.gtid)).toEqual(['try']);
    });
  });

  test('tries and cancels that arrive together end with the work undone, or never done', async () => {
    for (let round = 0; round < 20; round += 1) {
      const branch = tcc();
      const settled = (operation: 'try' | 'cancel', token: number) =>
        untilSettled(() => branch.call(operation, token));
      const answers = await Promise.all([
        settled('try', 1),
        settled('cancel', 2),
        settled('try', 1),
        settled('cancel', 2),
      ]);
      expect(answers[1]).toEqual(acknowledged);
      expect(answers[3]).toEqual(acknowledged);
      const isUndone = (await effects(branch.gtid)).join() === 'cancel,try';
      expect(isUndone || (await effects(branch.gtid)).length === 0).toBe(true);
    }
  });
});

describe.each(databases)('in a transaction of $name', (store) => {
  const { url, scripted: service } = store.service;
  const effects = (gtid: string): Promise<readonly string[]> => store.effectsOf(gtid);
  const saga = (payload: string): Branch => branchAt(url, 'saga', { payload });
  const tcc = (payload: string): Branch => branchAt(url, 'tcc', { payload });

  describe('the same call', () => {
    test('a duplicate that comes while the first runs waits, and repeats its answer', async () => {
      service.door = latch();
      const branch = tcc('wait');
      const first = branch.call('try', 1);
      await service.door.reached;
      const second = branch.call('try', 1);
      await eventually('the second copy waits', () => store.somebodyWaits());
      service.door.open();
      expect(await Promise.all([first, second])).toEqual([tried(1), tried(1)]);
      expect(await effects(branch.gtid)).toEqual(['try']);
    });

    test('a duplicate that would wait too long is told to ask again', async () => {
      const { url: other, scripted: impatient, end } = await store.serve({ lockTimeoutMs: 100 });
      const door = (impatient.door = latch());
      const branch = branchAt(other, 'saga', { payload: 'wait' });
      const first = branch.call('execute', 1);
      await door.reached;
      expect(await branch.call('execute', 1)).toEqual(working);
      door.open();
      expect(await first).toEqual(executed(1));
      expect(await branch.call('execute', 1)).toEqual(executed(1));
      expect(await effects(branch.gtid)).toEqual(['execute']);
      await end();
    });
  });

  describe('a handler that fails', () => {
    test('an SQL error that a handler swallows is not taken for a yes', async () => {
      const branch = saga('swallow');
      expect((await branch.call('execute', 1)).type).toBe('in-doubt');
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('a connection lost while a handler runs is in doubt, and the service goes on', async () => {
      service.door = latch();
      const branch = saga('wait');
      const first = branch.call('execute', 1);
      await service.door.reached;
      await store.endSessionsAtWork();
      service.door.open();
      expect((await first).type).toBe('in-doubt');
      expect(await branch.call('execute', 1, { payload: 'obey' })).toEqual(executed(1));
      expect(await effects(branch.gtid)).toEqual(['execute']);
    });
  });

  describe('2PC in one phase', () => {
    test('does and commits in one, and repeats its answer', async () => {
      const branch = branchAt(url, '2pc', { payload: 'obey' });
      expect(await branch.call('commit-one-phase', 1)).toEqual(acknowledged);
      expect(await branch.call('commit-one-phase', 1)).toEqual(acknowledged);
      expect(await effects(branch.gtid)).toEqual(['commit-one-phase']);
      expect(await branch.call('rollback', 2)).toMatchObject(reply('heuristic-commit'));
    });

    test('a refusal is its rollback, and is repeated', async () => {
      const branch = branchAt(url, '2pc', { payload: 'refuse' });
      expect(await branch.call('commit-one-phase', 1)).toEqual(notToday);
      expect(await branch.call('commit-one-phase', 1, { payload: 'obey' })).toEqual(notToday);
      expect(await effects(branch.gtid)).toEqual([]);
    });
  });
});

test('eight processes that make the tables at once take turns', async () => {
  await postgres.pool.query('drop table concordat_barrier, concordat_branch_committed');
  const pools = Array.from({ length: 8 }, () => poolOf(postgres.databaseUrl, 1));
  await expect(Promise.all(pools.map((each) => ensureBarrier(each)))).resolves.toHaveLength(8);
  await Promise.all(pools.map((each) => each.end()));
});
