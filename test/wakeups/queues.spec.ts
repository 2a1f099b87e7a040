// What holds for both queues: the one in Redis and the one in Postgres.
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import type { WakeupsKind } from '@concordat/wakeups';
import { describe, expect, inject, test } from 'vitest';
import { emptyDatabase } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { recording, started, until } from './support.js';

const DAY_MS = 86_400_000;
const { databaseUrl } = await emptyDatabase();
const redisUrl = inject('redisUrl');

const kinds: WakeupsKind[] = [{ kind: 'postgres', databaseUrl }];
// A Redis database that no coordinator of another test uses, whose worker would take our wakeups.
if (redisUrl !== undefined) kinds.push({ kind: 'redis', redisUrl: `${redisUrl}/7` });

describe.each(kinds)('wakeups kept in $kind', (kind) => {
  test('a ring wakes, and not before its instant', async () => {
    const { ring, hasWoken, woken } = await started(kind);
    const [soon, later] = [newGtid(), newGtid()];
    const now = Math.ceil(Date.now() / 1_000) * 1_000 - 1; // rounding down would be early
    ring(later, now + 900);
    ring(soon, now + 300);
    await until('both have been woken', () => hasWoken(soon) && hasWoken(later));
    expect(woken.find(({ gtid }) => gtid === soon)?.at).toBeGreaterThanOrEqual(now + 300);
    expect(woken.find(({ gtid }) => gtid === later)?.at).toBeGreaterThanOrEqual(now + 900);
  });

  test('an instant that has passed wakes at once', async () => {
    const { ring, hasWoken, woken } = await started(kind);
    const gtid = newGtid();
    ring(gtid, Date.now() - DAY_MS);
    await until('it has been woken', () => hasWoken(gtid));
    expect(woken.map((wakeup) => wakeup.gtid)).toEqual([gtid]);
  });

  test('rings for the same transaction and instant wake once', async () => {
    const { wakeups, ring, hasWoken, woken } = await started(kind);
    const gtid = newGtid();
    const at = (Date.now() + 1_000) as Instant;
    for (let again = 0; again < 50; again++) {
      wakeups.ring([
        { gtid, at },
        { gtid, at },
      ]);
      await new Promise((resolve) => setImmediate(resolve)); // not all in one batch
    }
    const last = newGtid();
    ring(last, at + 500);
    await until('a later ring has been heard', () => hasWoken(last));
    expect(woken.map((wakeup) => wakeup.gtid)).toEqual([gtid, last]);
  });

  test('the same transaction may be rung for again when it has been woken', async () => {
    const { ring, woken } = await started(kind);
    const gtid = newGtid();
    const at = Date.now();
    ring(gtid, at);
    await until('it has been woken', () => woken.length === 1);
    await until('it has been woken again', () => {
      ring(gtid, at);
      return woken.length > 1;
    });
    expect(new Set(woken.map((wakeup) => wakeup.gtid))).toEqual(new Set([gtid]));
  });

  test('an instant further away than a timer can count is waited for', async () => {
    const { ring, hasWoken } = await started(kind);
    const [far, near] = [newGtid(), newGtid()];
    ring(far, Date.now() + 40 * DAY_MS);
    ring(near, Date.now() + 500);
    await until('the near one has been woken', () => hasWoken(near));
    expect(hasWoken(far)).toBe(false);
  });

  test('thousands of rings at once all wake', async () => {
    const { wakeups, woken } = await started(kind);
    const at = (Date.now() + 200) as Instant;
    const gtids = Array.from({ length: 3_000 }, () => newGtid());
    wakeups.ring(gtids.map((gtid) => ({ gtid, at })));
    await until('all have been woken', () => woken.length >= gtids.length);
    expect(new Set(woken.map(({ gtid }) => gtid))).toEqual(new Set(gtids));
  });

  test('two instances share the wakeups, whoever has rung', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const [one, other] = [await started(kind, () => held), await started(kind, () => held)];
    const gtids = Array.from({ length: 200 }, () => newGtid());
    for (const gtid of gtids) one.ring(gtid, Date.now());
    await until('both have been woken', () => one.woken.length > 0 && other.woken.length > 0);
    release();
    await until('all have been woken', () => one.woken.length + other.woken.length >= 200);
    const all = [...one.woken, ...other.woken].map(({ gtid }) => gtid);
    expect(all.toSorted()).toEqual(gtids.toSorted());
  });

  test('a wakeup that fails is reported, is over, and stands in the way of no other', async () => {
    const failing = newGtid();
    const { ring, hasWoken, woken, troubles } = await started(kind, async (gtid) => {
      if (gtid === failing) throw new Error('the journal is away');
    });
    const next = newGtid();
    ring(failing, Date.now());
    await until('the failure is reported', () => troubles.length > 0);
    ring(next, Date.now());
    await until('the next one has been woken', () => hasWoken(next));
    expect(troubles).toEqual(['wakeup: Error: the journal is away']);
    expect(woken.filter(({ gtid }) => gtid === failing)).toHaveLength(1);
  });

  test('before they are started, and when they are closed, wakeups are silent', async () => {
    const { ring, start, close, hasWoken, isHealthy, troubles } = recording(kind);
    const [before, between, after] = [newGtid(), newGtid(), newGtid()];
    ring(before, Date.now());
    start();
    await until('the wakeups are ready', isHealthy);
    ring(between, Date.now());
    await until('the one between has been woken', () => hasWoken(between));
    await close(1_000);
    ring(after, Date.now());
    const other = await started(kind);
    const last = newGtid();
    other.ring(last, Date.now() + 200);
    await until('another instance hears', () => other.hasWoken(last));
    expect([before, after].some((gtid) => hasWoken(gtid) || other.hasWoken(gtid))).toBe(false);
    expect(isHealthy()).toBe(false);
    expect(troubles).toEqual([]);
  });

  test('closing lets a wakeup that is under way end', async () => {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const order: string[] = [];
    const { ring, close, woken } = await started(kind, async () => {
      await promise;
      order.push('ended');
    });
    ring(newGtid(), Date.now());
    await until('it is under way', () => woken.length === 1);
    const closed = close(20_000).then(() => order.push('closed'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    end();
    await closed;
    expect(order).toEqual(['ended', 'closed']);
  });

  test('closing does not wait for a wakeup that never ends', async () => {
    const { ring, close, woken } = await started(kind, () => new Promise(() => {}));
    ring(newGtid(), Date.now());
    await until('it is under way', () => woken.length === 1);
    await expect(close(200)).resolves.toBeUndefined();
  });

  test('closing before anything is connected ends', async () => {
    const { start, close } = recording(kind);
    start();
    await expect(close(2_000)).resolves.toBeUndefined();
  });

  test('closing twice is as good as once', async () => {
    const { close } = await started(kind);
    await expect(Promise.all([close(2_000), close(2_000)])).resolves.toHaveLength(2);
  });
});

test('a wakeup is not early by the clock that its instant was read from', async () => {
  // The database's clock may be behind this machine's; an instant is one of the database's.
  const behindMs = 3_600_000;
  const clock = { now: () => (Date.now() - behindMs) as Instant };
  const { ring, hasWoken } = await started({ kind: 'postgres', databaseUrl, clock });
  const [due, notDue] = [newGtid(), newGtid()];
  ring(notDue, Date.now() - behindMs / 2);
  ring(due, Date.now() - behindMs + 200);
  await until('what is due has been woken', () => hasWoken(due));
  expect(hasWoken(notDue)).toBe(false);
});

test('without a queue nobody is woken, and nothing is wrong', async () => {
  const { ring, start, close, woken, troubles, isHealthy } = recording({ kind: 'none' });
  start();
  expect(isHealthy()).toBe(true);
  for (let count = 0; count < 1_000; count++) ring(`gtid-${count}` as GlobalTransactionId, 0);
  await close(1_000);
  expect(woken).toEqual([]);
  expect(troubles).toEqual([]);
});
