import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemTimers } from './timers.js';

const DAY_MS = 86_400_000;

describe('a timer longer than setTimeout can count', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each([2 ** 31 - 1, 2 ** 31, 60 * DAY_MS])(
    '%d ms: does not run before its time',
    (delayMs) => {
      let runs = 0;
      systemTimers.after(delayMs, () => (runs += 1));
      vi.advanceTimersByTime(delayMs - 1);
      expect(runs).toBe(0);
      vi.advanceTimersByTime(1);
      expect(runs).toBe(1);
      vi.advanceTimersByTime(60 * DAY_MS);
      expect(runs).toBe(1);
    },
  );

  test('does not run once it is cancelled, whenever that is', () => {
    let runs = 0;
    const cancel = systemTimers.after(60 * DAY_MS, () => (runs += 1));
    vi.advanceTimersByTime(40 * DAY_MS);
    cancel();
    vi.advanceTimersByTime(40 * DAY_MS);
    expect(runs).toBe(0);
  });

  test('would run at once if it were left to setTimeout', () => {
    let runs = 0;
    setTimeout(() => (runs += 1), 2 ** 31);
    vi.advanceTimersByTime(1);
    expect(runs).toBe(1);
  });
});
