import type { Instant } from '@concordat/protocols';
import { expect, test } from 'vitest';
import { instantOf, lowestIdAt } from './gtid.js';
import { dayOf, dayOfPartition } from './partitions.js';

const LAST_MS_OF_THE_20TH = Date.UTC(2026, 10, 20, 23, 59, 59, 999) as Instant;

test('a day reaches from midnight to midnight, UTC', () => {
  const day = dayOf(LAST_MS_OF_THE_20TH);
  expect(day.suffix).toBe('20261120');
  expect(new Date(day.startsAt).toISOString()).toBe('2026-11-20T00:00:00.000Z');
  expect(dayOf(LAST_MS_OF_THE_20TH, 1).lowestId).toBe(day.endId);
  expect(dayOf(day.endsAt).suffix).toBe('20261121');
});

test('a partition is named after its day, and the default one after none', () => {
  expect(dayOfPartition('journal_20261120')).toEqual(dayOf(LAST_MS_OF_THE_20TH));
  expect(dayOfPartition('journal_default')).toBeUndefined();
});

test('an id tells when it was made, to the millisecond', () => {
  const lowest = lowestIdAt(LAST_MS_OF_THE_20TH);
  const made = `${lowest.slice(0, 14)}7abc-8def-0123456789ab`;
  expect(instantOf(made)).toBe(LAST_MS_OF_THE_20TH);
  expect(made > lowest).toBe(true);
  expect(made < lowestIdAt(LAST_MS_OF_THE_20TH + 1)).toBe(true);
});

test('an instant that no id can tell has the nearest that can', () => {
  expect(lowestIdAt(-1)).toBe(lowestIdAt(0));
  expect(lowestIdAt(2 ** 53)).toBe('ffffffff-ffff-0000-0000-000000000000');
});

test('an id of another kind tells nothing', () => {
  expect(instantOf('not-an-id')).toBeUndefined();
  expect(instantOf('7c9e6679-7425-40de-944b-e07fc1f90ae7')).toBeUndefined();
});
