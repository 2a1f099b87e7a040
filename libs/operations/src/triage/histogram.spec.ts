import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addTo, bucketOf, percentileOf } from './histogram.js';

function histogramOf(durations: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const duration of durations) addTo(counts, { [bucketOf(duration)]: 1 });
  return counts;
}

describe('a percentile', () => {
  test('is within 10 % of the exact one, from 10 ms on', () => {
    const durations = fc.array(fc.integer({ min: 10, max: 10_000_000 }), { minLength: 1 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (given, share) => {
        const sorted = given.toSorted((one, other) => one - other);
        const exact = sorted[Math.max(Math.ceil(share * sorted.length), 1) - 1] ?? Number.NaN;
        const told = percentileOf(histogramOf(given), share) ?? Number.NaN;
        expect(Math.abs(told - exact) / exact).toBeLessThan(0.101);
      }),
    );
  });

  test('of nothing is none', () => {
    expect(percentileOf({}, 0.5)).toBeNull();
  });

  test('of a sum is that of all durations together', () => {
    const [fast, slow] = [Array<number>(90).fill(20), Array<number>(10).fill(5_000)];
    const sum = histogramOf(fast);
    addTo(sum, histogramOf(slow));
    expect(sum).toEqual(histogramOf([...fast, ...slow]));
    expect(percentileOf(sum, 0.5)).toBeCloseTo(20, -1);
    expect(percentileOf(sum, 0.95)).toBeGreaterThan(4_500);
  });
});

test('a duration that no clock should give is in the first bucket, or in the last', () => {
  expect(bucketOf(-5)).toBe(0);
  expect(bucketOf(0)).toBe(0);
  expect(bucketOf(1e300)).toBe(160);
});
