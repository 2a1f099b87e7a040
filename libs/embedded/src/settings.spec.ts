import { expect, test } from 'vitest';
import { defaultSettings, settingsOf } from './settings.js';

test('what is not set is as it was chosen here', () => {
  expect(settingsOf()).toEqual(defaultSettings);
  expect(settingsOf({ leaseMs: undefined } as object)).toEqual(defaultSettings);
});

test('what nobody knows is left alone for longer than a vote can take', () => {
  const { voteTimeoutMs, settleMs, orphanAgeMs } = settingsOf({ voteTimeoutMs: 60_000 });
  expect(orphanAgeMs).toBeGreaterThan(voteTimeoutMs + settleMs);
  expect(settingsOf({ voteTimeoutMs: 60_000, orphanAgeMs: 5 }).orphanAgeMs).toBe(5);
});

test.each([
  [{ deadlineMs: 0 }, 'deadlineMs is 0, and must be a whole number, 1 to 2147483647'],
  [{ deadlineMs: '5' }, 'deadlineMs is 5'],
  [{ retentionDays: 1.5 }, 'retentionDays is 1.5'],
  [{ leaseMs: 2 ** 31 }, 'leaseMs is 2147483648'],
  [{ journalConnectionsMax: 1_001 }, 'must be a whole number, 1 to 1000'],
  [{ deadline: 1 }, 'there is no setting "deadline"'],
  [{ leaseMs: 999 }, 'leaseMs is less than sweepPeriodMs'],
])('%j is refused, and named', (given, message) => {
  expect(() => settingsOf(given as object)).toThrow(message);
});

test('not to wait at all is a way to wait', () => {
  expect(settingsOf({ endWaitMs: 0, settleMs: 0 })).toMatchObject({ endWaitMs: 0, settleMs: 0 });
});
