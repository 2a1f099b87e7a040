import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scaleOf } from './time-scale.js';

const moments = fc.uniqueArray(fc.integer({ min: 0, max: 10_000_000 }), {
  minLength: 1,
  maxLength: 30,
});

describe('the scale of a timeline', () => {
  test('keeps the order of whatever happened', () => {
    fc.assert(
      fc.property(moments, (told) => {
        const { place } = scaleOf(told);
        const sorted = told.toSorted((a, b) => a - b);
        const places = sorted.map(place);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(new Set(places).size).toBe(told.length);
      }),
    );
  });

  test('begins at 0, ends at 1, and holds everything between', () => {
    fc.assert(
      fc.property(moments, fc.integer(), (told, at) => {
        const { place, begin, end } = scaleOf(told);
        expect([begin, end]).toEqual([Math.min(...told), Math.max(...told)]);
        expect(place(Math.min(...told))).toBe(0);
        if (told.length > 1) expect(place(Math.max(...told))).toBeCloseTo(1, 9);
        expect(place(at)).toBeGreaterThanOrEqual(0);
        expect(place(at)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('leaves what is busy in proportion', () => {
    const { place, gaps } = scaleOf([0, 10, 20, 30, 40]);
    expect(place(10)).toBeCloseTo(0.25);
    expect(place(35)).toBeCloseTo(0.875);
    expect(gaps).toEqual([]);
  });

  test('compresses idle time, and says how long it was', () => {
    const { place, gaps } = scaleOf([0, 10, 20, 30, 300_030]);
    expect(place(30)).toBeGreaterThan(0.2); // in proportion it would be 0.0001
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ from: place(30), ms: 300_000 });
  });
});
