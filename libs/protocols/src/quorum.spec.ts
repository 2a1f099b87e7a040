import { describe, expect, test } from 'vitest';
import type { Standing } from './machine.js';
import {
  ballotAbove,
  COORDINATOR,
  FIRST_BALLOT,
  isMaxAttemptCommittable,
  quorumOf,
} from './quorum.js';

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
])('of %i members %i are a quorum: no two quorums are strangers (Q1)', (members, quorum) => {
  expect(quorumOf(members)).toBe(quorum);
  expect(2 * quorum).toBeGreaterThan(members);
});

describe('ballots (Q2)', () => {
  const starts = [0, 1, 3, 4, 5, 8, 4_000_000_001];

  test('of the coordinator grow', () => {
    const above = starts.map((ballot) => ballotAbove(ballot, 3, COORDINATOR));
    expect(above).toEqual([4, 4, 4, 8, 8, 12, 4_000_000_004]);
    expect(FIRST_BALLOT % (3 + 1)).toBe(COORDINATOR);
  });

  test('of the second member grow', () => {
    const above = starts.map((ballot) => ballotAbove(ballot, 3, 2));
    expect(above).toEqual([2, 2, 6, 6, 6, 10, 4_000_000_002]);
  });

  test('have one owner each', () => {
    const owners = [COORDINATOR, 1, 2, 3];
    const next = starts.flatMap((ballot) => owners.map((owner) => ballotAbove(ballot, 3, owner)));
    expect(next.map((ballot) => ballot % 4)).toEqual(starts.flatMap(() => owners));
  });
});

describe('an election chooses', () => {
  const ready: Standing = { state: 'ready', lastElected: 8, lastAttempt: 0 };
  const committed = (lastAttempt: number): Standing => {
    return { state: 'pre-committed', lastElected: 8, lastAttempt };
  };
  const aborted = (lastAttempt: number): Standing => {
    return { state: 'pre-aborted', lastElected: 8, lastAttempt };
  };

  test.each([
    ['pre-abort if nobody has attempted anything', [ready, ready], false],
    ['pre-commit if one has pre-committed', [ready, committed(0)], true],
    ['pre-abort if one has pre-aborted', [ready, aborted(2)], false],
    ['pre-abort if that was the later attempt', [committed(0), aborted(2)], false],
    ['pre-commit if that was the later attempt', [committed(5), aborted(2), ready], true],
  ])('%s', (_, standings, committable) => {
    expect(isMaxAttemptCommittable(standings)).toBe(committable);
  });
});
