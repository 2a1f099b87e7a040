import { describe, expect, test } from 'vitest';
import { absolute, clock, due, duration, precise, relative } from './moments.js';

describe('how long something lasts', () => {
  test.each([
    [-5, '0 ms'],
    [0, '0 ms'],
    [250.4, '250 ms'],
    [1_000, '1 s'],
    [14_999, '14 s'],
    [60_000, '1 min'],
    [312_000, '5 min 12 s'],
    [7_200_000, '2 h'],
    [7_500_000, '2 h 5 min'],
    [90_061_000, '1 d 1 h'],
  ])('%d ms are %s', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});

describe('when something is', () => {
  test('is told from now on', () => {
    expect(relative(-120_000, false)).toBe('2 min ago');
    expect(relative(14_000, false)).toBe('in 14 s');
    expect(relative(-300, false)).toBe('just now');
  });

  test('is due now once its time has come, and not ago', () => {
    expect(due(14_000)).toBe('in 14 s');
    expect(due(300)).toBe('due now');
    expect(due(-3_000)).toBe('due now');
  });

  test('is an age where only that is asked for', () => {
    expect(relative(-120_000, true)).toBe('2 min');
  });

  test('is told in UTC, whatever the time of this machine, so that two can be compared', () => {
    const at = '2026-11-21T04:14:05.120+01:00';
    expect(absolute(at)).toBe('2026-11-21 03:14:05.120 UTC');
    expect(precise(at)).toBe('03:14:05.120');
    expect(clock(at)).toBe('03:14:05');
  });
});
