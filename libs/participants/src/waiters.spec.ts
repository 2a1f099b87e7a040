import { describe, expect, test } from 'vitest';
import type { Waiter } from './waiters.js';
import { waitersOf } from './waiters.js';

function waiter(pid: number, holders: readonly string[], blockedBy: readonly number[]): Waiter {
  const session = {
    pid,
    application: '',
    user: '',
    database: '',
    query: '',
    waitingSince: undefined,
    waitingMs: 1_000 - pid,
    waitsFor: 'row',
  };
  return { session, holders, blockedBy };
}

const found = (branch: string, waiters: readonly Waiter[]): Record<string, number> =>
  Object.fromEntries(waitersOf(branch, waiters).map(({ pid, distance }) => [pid, distance]));

describe('who waits for a branch', () => {
  test('is who waits for it, and who waits for those', () => {
    const waiters = [
      waiter(1, ['a'], [0]),
      waiter(2, [], [1]),
      waiter(3, [], [2]),
      waiter(4, ['b'], [0]),
      waiter(5, [], [99]),
    ];
    expect(found('a', waiters)).toEqual({ 1: 0, 2: 1, 3: 2 });
    expect(found('b', waiters)).toEqual({ 4: 0 });
  });

  test('is each told once, by the shortest way', () => {
    const waiters = [waiter(1, ['a'], []), waiter(2, ['a'], [1]), waiter(3, [], [1, 2])];
    expect(found('a', waiters)).toEqual({ 1: 0, 2: 0, 3: 1 });
  });

  test('ends where the waiting goes round', () => {
    const waiters = [waiter(1, ['a'], [2]), waiter(2, [], [1])];
    expect(found('a', waiters)).toEqual({ 1: 0, 2: 1 });
  });

  test('comes in the order of waiting, the longest first', () => {
    const waiters = [waiter(3, ['a'], []), waiter(1, ['a'], []), waiter(2, ['a'], [])];
    expect(waitersOf('a', waiters).map(({ pid }) => pid)).toEqual([1, 2, 3]);
  });
});
