// What is different if the work is in Redis, where nobody waits for anybody. What is the same on
// every store is in local-work.spec.ts.
import { describe, expect, test } from 'vitest';
import { acknowledged, branchAt, latch, reply, stale } from './calling.js';
import { effectsIn } from './redis-scripted.js';
import { redisStore } from './redis-store.js';

const store = await redisStore();
const { redis } = store;
const { url, scripted: service } = store.service;

const tcc = (payload = 'obey') => branchAt(url, 'tcc', { payload });
const tried = (token: number) => reply('tried', { result: { by: 'try', token } });

describe('the barrier in Redis', () => {
  describe('the same call', () => {
    test('a duplicate that comes after does not even run', async () => {
      const branch = tcc();
      expect(await branch.call('try', 1)).toEqual(tried(1));
      const { runs } = service;
      expect(await branch.call('try', 1)).toEqual(tried(1));
      expect(service.runs).toBe(runs);
    });

    test('copies that run at once are answered the same, and have one effect', async () => {
      const door = latch();
      service.door = door;
      const branch = tcc('wait');
      const { runs } = service;
      const first = branch.call('try', 1);
      await door.reached;
      expect(await branch.call('try', 1, { payload: 'obey' })).toEqual(tried(1)); // overtakes it
      door.open();
      expect(await first).toEqual(tried(1));
      expect(service.runs).toBe(runs + 2);
      expect(await store.effectsOf(branch.gtid)).toEqual(['try']);
    });
  });

  test('a try that is overtaken by its cancel while it runs has no effect', async () => {
    const door = latch();
    service.door = door;
    const branch = tcc('wait');
    const late = branch.call('try', 1);
    await door.reached;
    expect(await branch.call('cancel', 2, { payload: 'obey' })).toEqual(acknowledged);
    door.open();
    expect(await late).toEqual(stale);
    expect(await store.effectsOf(branch.gtid)).toEqual([]);
  });

  test('a confirm whose vote was flushed says that the work is not here', async () => {
    const branch = tcc();
    await branch.call('try', 1);
    const rows = [`concordat:{test}:${branch.gtid}:branch`, `{test}:effects:${branch.gtid}`];
    expect(await redis.del(...rows)).toBe(2); // FLUSHALL, as far as this branch is concerned
    expect(await branch.call('confirm', 2)).toMatchObject(reply('heuristic-rollback'));
    expect(await store.effectsOf(branch.gtid)).toEqual([]);
  });

  test('what a later call writes comes after what an earlier one has written', async () => {
    const [kept, undone] = [tcc(), branchAt(url, 'saga', { payload: 'obey' })];
    await kept.call('try', 3);
    await kept.call('confirm', 5);
    expect(await kept.call('try', 3)).toEqual(stale);
    expect(await effectsIn(redis, kept.gtid)).toEqual(['try', 'confirm']);
    await undone.call('execute', 1);
    expect(await undone.call('compensate', 2)).toEqual(acknowledged);
    expect(await effectsIn(redis, undone.gtid)).toEqual(['execute', 'compensate']);
  });

  test('a vote never expires', async () => {
    const branch = tcc();
    await branch.call('try', 1);
    expect(await redis.ttl(`concordat:{test}:${branch.gtid}:branch`)).toBe(-1);
  });

  test('tries and cancels that arrive together never have to come again', async () => {
    for (let round = 0; round < 50; round += 1) {
      const branch = tcc();
      const [, first, , second] = await Promise.all([
        branch.call('try', 1),
        branch.call('cancel', 2),
        branch.call('try', 1),
        branch.call('cancel', 2),
      ]);
      expect([first, second]).toEqual([acknowledged, acknowledged]);
      expect([[], ['try', 'cancel']]).toContainEqual(await effectsIn(redis, branch.gtid));
    }
  });
});
