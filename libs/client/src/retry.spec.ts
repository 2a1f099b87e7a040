import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayMsOf, RETRY_AFTER_MS_MAX, retryAfterMsOf } from './retry.js';

const policy = { attemptsMax: 6, firstDelayMs: 100, delayMaxMs: 1_000 };

describe('the delay before the next attempt', () => {
  test('doubles up to its maximum, less up to half of it', () => {
    const longest = [1, 2, 3, 4, 5, 6].map((attempts) => delayMsOf(policy, attempts, 0, 0));
    expect(longest).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(delayMsOf(policy, 3, 0, 1)).toBe(200);
  });

  test('is never shorter than the coordinator asks for, nor without end', () => {
    const attempts = fc.integer({ min: 1, max: 10_000 });
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(attempts, fc.nat(), random, (attempt, retryAfterMs, chance) => {
        const delayMs = delayMsOf(policy, attempt, retryAfterMs, chance);
        const asked = Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
        expect(delayMs).toBeGreaterThanOrEqual(asked);
        expect(delayMs).toBeLessThanOrEqual(asked + policy.delayMaxMs);
      }),
    );
  });

  test.each([
    ['3', 3_000],
    ['0', 0],
    [null, 0],
    ['soon', 0],
    ['-1', 0],
    ['Fri, 20 Nov 2026 12:00:00 GMT', 0],
  ])('takes a Retry-After of %s for %i ms', (header, expected) => {
    expect(retryAfterMsOf(header)).toBe(expected);
  });
});
