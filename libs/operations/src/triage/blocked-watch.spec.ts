import type { Instant } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { BlockedWatch } from './blocked-watch.js';
import type { BlockedSessions } from './ports.js';

/** A watch whose time and whose answers come when the test says so. */
function watched() {
  let now = 1_000_000;
  let timeOut: () => void = () => undefined;
  const asked: ((told: BlockedSessions) => void)[] = [];
  const watch = new BlockedWatch(() => new Promise((resolve) => asked.push(resolve)), {
    clock: { now: () => now as Instant },
    timers: {
      after: (_, run) => {
        timeOut = run;
        return () => undefined;
      },
    },
  });
  return { watch, asked, pass: (ms: number) => (now += ms), timeOut: () => timeOut() };
}

const told: BlockedSessions = { items: [{ pid: 7 } as never], missing: [] };

describe('who is blocked', () => {
  test('is not told as nobody while it is not known', async () => {
    const { watch, timeOut } = watched();
    const latest = watch.latest();
    timeOut();
    const { items, missing } = await latest;
    expect(items).toEqual([]);
    expect(missing).toHaveLength(1);
  });

  test('is asked once by all who ask at the same time, and told again for two seconds', async () => {
    const { watch, asked, pass } = watched();
    const all = [watch.latest(), watch.latest(), watch.now()];
    expect(asked).toHaveLength(1);
    asked[0]?.(told);
    expect(await Promise.all(all)).toEqual([told, told, told]);
    pass(1_999);
    expect(await watch.latest()).toBe(told);
    expect(asked).toHaveLength(1);
    pass(1);
    void watch.latest();
    expect(asked).toHaveLength(2);
  });

  test('is told as it was known last, if the answer takes long; but not for ever', async () => {
    const { watch, asked, pass, timeOut } = watched();
    const first = watch.latest();
    asked[0]?.(told);
    await first;
    pass(20_000);
    const slow = watch.latest();
    timeOut();
    expect(await slow).toBe(told);
    pass(20_000);
    const late = watch.latest();
    timeOut();
    expect((await late).missing).toHaveLength(1);
  });

  test('is missing with the reason if it cannot be had', async () => {
    const { clock } = { clock: { now: () => 1 as Instant } };
    const timers = { after: () => () => undefined };
    const watch = new BlockedWatch(() => Promise.reject(new Error('no')), { clock, timers });
    expect(await watch.latest()).toEqual({
      items: [],
      missing: [{ what: 'waiting sessions', reason: 'no' }],
    });
  });
});
