import type { ResourceManagerView } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { judgeHealth } from './judge-health.js';

const calls = { windowMs: 300_000, answered: 100, inDoubt: 0, refused: 0, p50Ms: 3, p95Ms: 9 };
const scanned: ResourceManagerView = {
  name: 'ledger-db',
  kind: 'postgres',
  address: 'postgres://db/ledger',
  reachable: true,
  prepared: { inDoubt: 0, orphaned: 0, reappeared: 0, others: 0, notExamined: 0 },
  branches: [],
  notes: [],
};
const lost = { ...scanned, reachable: false, lastError: 'connection refused' };
const paused = { by: 'Ada', reason: 'upgrade', since: '2026-11-21T00:00:00.000Z' };
const well = { calls, paused: null, stuck: 0 };

/** When the last call failed, and when the last was answered. */
function at(failed: number, answered: number) {
  const [lastErrorAt, lastAnsweredAt] = [failed, answered].map((ms) => new Date(ms).toISOString());
  return { lastErrorAt: lastErrorAt!, lastAnsweredAt: lastAnsweredAt! };
}

describe('the health of a participant', () => {
  test.each([
    ['healthy', {}, 'It has answered 100 calls.'],
    ['healthy', { calls: { ...calls, inDoubt: 5 } }, 'It has answered 100 calls.'],
    [
      'failing',
      { calls: { ...calls, inDoubt: 50, lastError: 'HTTP 503' } },
      '50 of 150 calls in doubt: HTTP 503.',
    ],
    [
      'failing',
      { calls: { ...calls, answered: 15, inDoubt: 2, ...at(0, 10_000) } },
      '2 of 17 calls in doubt.',
    ],
    [
      'healthy',
      { calls: { ...calls, answered: 15, inDoubt: 2, ...at(0, 10_001) } },
      'It has answered 15 calls, and 2 before that got no answer.',
    ],
    ['failing', { stuck: 1 }, '0 of 100 calls in doubt. 1 transaction is stuck at it.'],
    [
      'silent',
      { calls: { ...calls, answered: 0, inDoubt: 1, lastError: 'ECONNREFUSED' }, stuck: 2 },
      'It has answered none of 1 call: ECONNREFUSED. 2 transactions are stuck at it.',
    ],
    ['unknown', { calls: null }, 'Not called by this coordinator in the last minutes.'],
    [
      'failing',
      { calls: null, stuck: 3 },
      'Not called by this coordinator in the last minutes. 3 transactions are stuck at it.',
    ],
    ['paused', { paused, stuck: 3 }, 'Paused by Ada: upgrade'],
    ['healthy', { resourceManager: scanned }, 'It has answered 100 calls.'],
    ['healthy', { resourceManager: { ...scanned, reachable: null } }, 'It has answered 100 calls.'],
    [
      'silent',
      { resourceManager: lost },
      'The last scan of it had no answer: connection refused. It has answered 100 calls.',
    ],
    [
      'silent',
      { resourceManager: { ...scanned, reachable: false }, calls: null },
      'The last scan of it had no answer. Not called by this coordinator in the last minutes.',
    ],
    [
      'silent',
      { resourceManager: lost, paused },
      'The last scan of it had no answer: connection refused. Paused by Ada: upgrade',
    ],
  ])('is %s: %o', (health, change, said) => {
    expect(judgeHealth({ ...well, ...change })).toEqual({ health, said });
  });
});
