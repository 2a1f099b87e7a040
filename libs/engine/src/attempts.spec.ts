import type { BranchId, GlobalTransactionId, Instant, TokenedCall } from '@concordat/protocols';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Failure } from './attempts.js';
import { afterFailure, isExhausted, nextAttemptOf } from './attempts.js';
import type { RetryPolicy } from './definition.js';
import type { Attempts } from './ports.js';

const gtid = 'g' as GlobalTransactionId;
const call: TokenedCall = { branch: 'bank' as BranchId, operation: 'prepare', token: 1 };
const policy: RetryPolicy = { attemptsMax: 3, firstDelayMs: 100, delayMaxMs: 10_000 };
const inDoubt: Failure = { error: 'timeout', counts: true, retryAfterMs: undefined };
const now = 1_000_000 as Instant;

function failTimes(times: number, failure = inDoubt, of = call): Attempts {
  let attempts: Attempts = [];
  for (let i = 0; i < times; i++) {
    attempts = afterFailure(attempts, { gtid, call: of, policy }, failure, now);
  }
  return attempts;
}

describe('what failed attempts leave behind', () => {
  test('counts the failures of one call and keeps the last error', () => {
    const attempts = failTimes(2, { ...inDoubt, error: 'reset' });
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toMatchObject({ branch: 'bank', count: 2, lastError: 'reset' });
  });

  test('starts at zero for the next call of the branch', () => {
    const next: TokenedCall = { ...call, operation: 'commit', token: 2 };
    const attempts = afterFailure(failTimes(2), { gtid, call: next, policy }, inDoubt, now);
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toMatchObject({ operation: 'commit', count: 1 });
    expect(nextAttemptOf(attempts, call)).toBeUndefined();
  });

  test('does not count a participant that is still working, and asks when it said', () => {
    const working: Failure = { error: 'still working', counts: false, retryAfterMs: 700 };
    const attempts = failTimes(5, working);
    expect(attempts[0]).toMatchObject({ count: 0, nextAttemptAt: now + 700 });
    expect(isExhausted(attempts, call, policy)).toBe(false);
  });

  test('asks one that is still working less and less often, and never at once', () => {
    const working: Failure = { error: 'still working', counts: false, retryAfterMs: undefined };
    const delays = [1, 2, 3, 9].map((times) => {
      const attempts = failTimes(times, working);
      return (nextAttemptOf(attempts, call) ?? now) - now;
    });
    expect(delays).toEqual([100, 200, 400, 10_000]);
    const eager = failTimes(1, { ...working, retryAfterMs: 0 });
    expect(nextAttemptOf(eager, call)).toBe(now + 50);
  });

  test('is exhausted after the attempts that the initiator allowed, if it is a question', () => {
    expect(isExhausted(failTimes(2), call, policy)).toBe(false);
    expect(isExhausted(failTimes(3), call, policy)).toBe(true);
    expect(isExhausted(failTimes(9), call, { ...policy, attemptsMax: null })).toBe(false);
  });

  test('never exhausts an order', () => {
    const order: TokenedCall = { ...call, operation: 'commit', token: 2 };
    expect(isExhausted(failTimes(9, inDoubt, order), order, policy)).toBe(false);
  });

  test('bounds an error text', () => {
    const attempts = failTimes(1, { ...inDoubt, error: 'x'.repeat(10_000) });
    expect(attempts[0]?.lastError.length).toBe(500);
  });

  test('backs off between half the doubled delay and all of it, up to the bound', () => {
    const delays = fc.record({
      firstDelayMs: fc.integer({ min: 1, max: 60_000 }),
      delayMaxMs: fc.integer({ min: 1, max: 3_600_000 }),
      failures: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(delays, ({ firstDelayMs, delayMaxMs, failures }) => {
        const how = { gtid, call, policy: { attemptsMax: null, firstDelayMs, delayMaxMs } };
        let attempts: Attempts = [];
        for (let i = 0; i < failures; i++) attempts = afterFailure(attempts, how, inDoubt, now);
        const delayMs = (nextAttemptOf(attempts, call) ?? now) - now;
        const full = Math.min(firstDelayMs * 2 ** (failures - 1), delayMaxMs);
        expect(delayMs).toBeGreaterThanOrEqual(full / 2);
        expect(delayMs).toBeLessThanOrEqual(Math.ceil(full));
      }),
    );
  });
});
