import type { OverviewView } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { endedRows, hasLonePoint, latencyRows, outcomesIn } from './series.js';

const MINUTE_MS = 60_000;
const minute = (count: number): string => new Date(count * MINUTE_MS).toISOString();

const overview = {
  at: new Date(10 * MINUTE_MS + 30_000).toISOString(),
  windowMs: 5 * MINUTE_MS,
  intervalMs: MINUTE_MS,
  series: [
    { at: minute(7), protocol: '2pc', ended: { committed: 3 }, p50Ms: 1, p95Ms: 2, p99Ms: 3 },
    { at: minute(7), protocol: 'saga', ended: { committed: 2 }, p50Ms: 4, p95Ms: 5, p99Ms: 6 },
    {
      at: minute(9),
      protocol: '2pc',
      ended: { 'rolled-back': 1 },
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
    },
  ],
} satisfies Pick<OverviewView, 'at' | 'windowMs' | 'intervalMs' | 'series'>;

describe('the rows of the charts', () => {
  test('are of every interval, those in which nothing ended too', () => {
    const rows = endedRows(overview, undefined);
    expect(rows.map(({ at }) => at)).toEqual([6, 7, 8, 9, 10].map(minute));
    expect(rows.map(({ committed }) => committed)).toEqual([0, 5, 0, 0, 0]);
  });

  test('are of one protocol where one is asked for', () => {
    const rows = endedRows(overview, '2pc');
    expect(rows.map(({ committed }) => committed)).toEqual([0, 3, 0, 0, 0]);
  });

  test('have the percentiles of one protocol, and of several the p95 of each', () => {
    expect(latencyRows(overview, 'saga')[1]).toEqual({ at: minute(7), p50: 4, p95: 5, p99: 6 });
    expect(latencyRows(overview, undefined)[1]).toEqual({ at: minute(7), '2pc': 2, saga: 5 });
  });

  test('have a point that no line can show, where one interval stands alone', () => {
    const rows = [1, null, 2, 3].map((p95, index) => ({ at: minute(index), p95 }));
    expect(hasLonePoint(rows, 'p95')).toBe(true);
    expect(hasLonePoint(rows.slice(1), 'p95')).toBe(false);
    expect(hasLonePoint(rows, 'p50')).toBe(false);
  });

  test('are none where nothing ended at all', () => {
    expect(endedRows({ ...overview, series: [] }, undefined)).toEqual([]);
  });

  test('name the outcomes that there were', () => {
    expect(outcomesIn(endedRows(overview, undefined))).toEqual(['committed', 'rolled-back']);
  });
});
