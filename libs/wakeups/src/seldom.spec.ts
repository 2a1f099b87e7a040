import { InvariantViolation } from '@concordat/protocols';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { seldom } from './seldom.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the same trouble is reported once in a period, another one at once', () => {
  const reports: string[] = [];
  const report = seldom((where, error) => reports.push(`${where} ${String(error)}`), 1_000);
  report('queue', 1);
  report('queue', 2);
  report('worker', 3);
  vi.advanceTimersByTime(999);
  report('queue', 4);
  vi.advanceTimersByTime(1);
  report('queue', 5);
  report('queue', 6);
  expect(reports).toEqual(['queue 1', 'worker 3', 'queue 5']);
});

test('that the program is wrong is reported at once, whatever was reported before', () => {
  const reports: unknown[] = [];
  const report = seldom((_where, error) => reports.push(error), 1_000);
  const [error, violation] = [new Error('usual'), new InvariantViolation('unheard of')];
  report('wakeup', error);
  report('wakeup', violation);
  report('wakeup', error);
  expect(reports).toEqual([error, violation]);
});
