// The barrier around work that is in Redis: TCC and sagas.
import { nodeHandler } from '@concordat/participant-sdk';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { acknowledged, branchAt, latch, reply, serve, stale } from './calling.js';
import { effectsIn, redisScripted } from './redis-scripted.js';

const redisUrl = inject('redisUrl');
const redis = new Redis(redisUrl, { lazyConnect: true });
afterAll(() => redis.disconnect());
const service = redisScripted(redis);
const url = await serve(nodeHandler(service.participant, { prefix: '' }));

const effects = (gtid: string): Promise<readonly string[]> => effectsIn(redis, gtid);
const saga = (payload = 'obey') => branchAt(url, 'saga', { payload });
const tcc = (payload = 'obey') => branchAt(url, 'tcc', { payload });
const executed = (token: number) => reply('done', { result: { by: 'execute', token } });
const tried = (token: number) => reply('tried', { result: { by: 'try', token } });
const notToday = reply('refused', { note: 'not today' });

describe('the barrier in Redis', () => {
  describe('the same call', () => {
    test('a duplicate that comes after is answered the same, and nothing runs again', async () => {
      const branch = saga();
      expect(await branch.call('execute', 1)).toEqual(executed(1));
      const { runs } = service;
      expect(await branch.call('execute', 1)).toEqual(executed(1));
      expect(service.runs).toBe(runs);
      expect(await effects(branch.gtid)).toEqual(['execute']);
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
      expect(await effects(branch.gtid)).toEqual(['try']);
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
      expect(await effects(branch.gtid)).toEqual(['try', 'confirm']);
    });

    test('a late try after its cancel is stale', async () => {
      const branch = tcc();
      expect(await branch.call('cancel', 2)).toEqual(acknowledged);
      expect(await branch.call('try', 1)).toEqual(stale);
      expect(await effects(branch.gtid)).toEqual([]);
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
      expect(await saga('nonsense').call('compensate', 2)).toEqual(acknowledged);
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
      expect(await effects(branch.gtid)).toEqual(['execute', 'compensate']);
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
      const refused = reply('refused', { note: 'no such script' });
      expect(await saga('nonsense').call('execute', 1)).toEqual(refused);
    });

    test('an order that cannot be obeyed balks, and is run when it comes again', async () => {
      const branch = saga();
      await branch.call('execute', 1);
      const balked = await branch.call('compensate', 2, { payload: 'refuse' });
      expect(balked).toEqual({ type: 'balked', reason: 'not today' });
      expect(await effects(branch.gtid)).toEqual(['execute']);
      expect(await branch.call('compensate', 2)).toEqual(acknowledged);
      expect(await effects(branch.gtid)).toEqual(['execute', 'compensate']);
    });
  });

  describe('a handler that fails', () => {
    test('is in doubt, leaves nothing, and is run when it comes again', async () => {
      const branch = tcc();
      expect((await branch.call('try', 1, { payload: 'throw' })).type).toBe('in-doubt');
      expect(service.reported.at(-1)).toBe('Error: out of order');
      expect(await effects(branch.gtid)).toEqual([]);
      expect(await branch.call('try', 1)).toEqual(tried(1));
      expect(await effects(branch.gtid)).toEqual(['try']);
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

    test('a confirm whose vote was flushed says that the work is not here', async () => {
      const branch = tcc();
      await branch.call('try', 1);
      const rows = [`concordat:{test}:${branch.gtid}:branch`, `{test}:effects:${branch.gtid}`];
      expect(await redis.del(...rows)).toBe(2); // FLUSHALL, as far as this branch is concerned
      expect(await branch.call('confirm', 2)).toMatchObject(reply('heuristic-rollback'));
      expect(await effects(branch.gtid)).toEqual([]);
    });

    test('a cancel of what was confirmed says that the work is committed', async () => {
      const branch = tcc();
      await branch.call('try', 1);
      await branch.call('confirm', 2);
      expect(await branch.call('cancel', 3)).toMatchObject(reply('heuristic-commit'));
      expect(await effects(branch.gtid)).toEqual(['try', 'confirm']);
    });

    test('a try with a higher token, after a try, is in doubt', async () => {
      const branch = tcc();
      await branch.call('try', 1);
      expect((await branch.call('try', 2)).type).toBe('in-doubt');
      expect(await effects(branch.gtid)).toEqual(['try']);
    });
  });

  test('a vote never expires', async () => {
    const branch = tcc();
    await branch.call('try', 1);
    expect(await redis.ttl(`concordat:{test}:${branch.gtid}:branch`)).toBe(-1);
  });

  test('tries and cancels that arrive together end with the work undone, or never done', async () => {
    for (let round = 0; round < 50; round += 1) {
      const branch = tcc();
      const calls = [
        branch.call('try', 1),
        branch.call('cancel', 2),
        branch.call('try', 1),
        branch.call('cancel', 2),
      ];
      const [, first, , second] = await Promise.all(calls);
      expect([first, second]).toEqual([acknowledged, acknowledged]);
      expect([[], ['try', 'cancel']]).toContainEqual(await effects(branch.gtid));
    }
  });
});
