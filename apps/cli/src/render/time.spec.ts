import { expect, test } from 'vitest';
import { agoOf, roughSpanOf, spanOf, timeOf } from './time.js';

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [12_345, '12 s'],
  [60_000, '1 min'],
  [312_000, '5 min 12 s'],
  [3_600_000, '1 h'],
  [93_600_000, '1 d 2 h'],
  [864_000_000, '10 d'],
])('%i ms are %s', (ms, said) => {
  expect(spanOf(ms)).toBe(said);
});

test('a rough span has one unit', () => {
  expect(roughSpanOf(312_000)).toBe('5 min');
});

test('what is to come is in so long, and what was is so long ago', () => {
  const now = Date.parse('2026-11-20T12:00:00.000Z');
  expect(agoOf('2026-11-20T11:56:00.000Z', now)).toBe('4 min ago');
  expect(agoOf('2026-11-20T12:00:14.000Z', now)).toBe('in 14 s');
  expect(timeOf('2026-11-20T12:00:00.123Z')).toBe('2026-11-20 12:00:00Z');
});
