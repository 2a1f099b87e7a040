// What becomes of wakeups when Redis forgets, stops, hangs, or is not there yet.
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newGtid } from '../support/gtids.js';
import { ownRedis } from '../support/redis-server.js';
import { recording, started, until, untilItRingsAgain } from './support.js';

// A server of its own: these tests flush it and end it.
describe('wakeups, when Redis', () => {
  test('is flushed, only lose what has been rung before', async () => {
    const redis = await ownRedis();
    const wakeups = await started({ kind: 'redis', redisUrl: redis.url });
    const [lost, later] = [newGtid(), newGtid()];
    wakeups.ring(lost, Date.now() + 1_000);
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    await until('the ring has arrived', async () => (await client.dbsize()) > 0);
    await client.flushall();
    wakeups.ring(later, Date.now() + 1_500);
    await until('the later one has been woken', () => wakeups.hasWoken(later));
    expect(wakeups.hasWoken(lost)).toBe(false);
  });

  test('stops, are silent, and ring again when it is back', async () => {
    const redis = await ownRedis();
    const wakeups = await started({ kind: 'redis', redisUrl: redis.url });
    await untilItRingsAgain(wakeups, newGtid);
    await redis.stop();
    await until('they know', () => !wakeups.isHealthy());
    for (let count = 0; count < 20_000; count++) wakeups.ring(newGtid(), Date.now());
    await redis.start();
    await untilItRingsAgain(wakeups, newGtid);
    expect(wakeups.isHealthy()).toBe(true);
    expect(wakeups.woken.length).toBeLessThan(10_000);
  });

  test('is not there yet, start all the same, and ring when it is', async () => {
    const redis = await ownRedis();
    await redis.stop();
    const wakeups = recording({ kind: 'redis', redisUrl: redis.url });
    wakeups.start();
    wakeups.ring(newGtid(), Date.now());
    await until('it is reported', () => wakeups.troubles.length > 0);
    expect(wakeups.isHealthy()).toBe(false);
    await redis.start();
    await untilItRingsAgain(wakeups, newGtid);
  });

  test('is gone, report it seldom, and close all the same', async () => {
    const redis = await ownRedis();
    const wakeups = await started({ kind: 'redis', redisUrl: redis.url });
    await redis.stop();
    await until('it is reported', () => wakeups.troubles.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // some attempts to reconnect
    const places = wakeups.troubles.map((trouble) => trouble.split(':', 1)[0]);
    expect(places).toEqual([...new Set(places)]);
    await expect(wakeups.close(2_000)).resolves.toBeUndefined();
  });

  test('was never there, close all the same', async () => {
    const redis = await ownRedis();
    await redis.stop();
    const wakeups = recording({ kind: 'redis', redisUrl: redis.url });
    wakeups.start();
    await expect(wakeups.close(2_000)).resolves.toBeUndefined();
  });

  test('hangs, are silent, and ring again when it goes on', async () => {
    const redis = await ownRedis();
    const wakeups = await started({ kind: 'redis', redisUrl: redis.url });
    redis.hang();
    for (let count = 0; count < 5_000; count++) wakeups.ring(newGtid(), Date.now());
    await until('it is reported', () => wakeups.troubles.length > 0);
    redis.goOn();
    await untilItRingsAgain(wakeups, newGtid);
    expect(wakeups.woken.length).toBeLessThan(2_500); // the batch that hung, and what was new
  });

  test('hangs, close all the same, and do not come back when it does', async () => {
    const redis = await ownRedis();
    const wakeups = await started({ kind: 'redis', redisUrl: redis.url });
    redis.hang();
    await expect(wakeups.close(1_000)).resolves.toBeUndefined();
    await redis.stop();
    await redis.start();
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // longer than ioredis ever waits
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    expect(
      String(await client.client('LIST'))
        .trim()
        .split('\n'),
    ).toHaveLength(1);
  });

  test('does not keep up, drop what is beyond a bound', async () => {
    const redis = await ownRedis();
    const wakeups = await started({ kind: 'redis', redisUrl: redis.url });
    for (let count = 0; count < 20_000; count++) wakeups.ring(newGtid(), Date.now());
    await until('what was kept has been woken', () => wakeups.woken.length >= 10_000);
    const last = newGtid();
    wakeups.ring(last, Date.now() + 500);
    await until('a later ring has been heard', () => wakeups.hasWoken(last));
    expect(wakeups.woken).toHaveLength(10_001);
  });
});
