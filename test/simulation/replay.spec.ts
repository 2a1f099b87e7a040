// A seed is a run: the same events, in the same order, with the same consequences.
import { simulate } from '@concordat/simulator';
import { expect, test } from 'vitest';

test.each([1, 2, 3, 5, 8, 13, 21, 34])(
  'seed %i replays line by line',
  { timeout: 30_000 },
  async (seed) => {
    const first = await simulate(seed, { keepsTrace: true });
    const second = await simulate(seed, { keepsTrace: true });
    expect(first.trace.length).toBeGreaterThan(500);
    expect(second.trace).toEqual(first.trace);
    expect(second.traceHash).toBe(first.traceHash);
  },
);

test('what is kept of the trace changes nothing', async () => {
  const { traceHash } = await simulate(4, { keepsTrace: true });
  expect((await simulate(4)).traceHash).toBe(traceHash);
});

test('other seeds, and a seed without one of its faults, are other runs', async () => {
  const seeds = [1, 2, 3];
  const results = await Promise.all(seeds.map((seed) => simulate(seed)));
  expect(new Set(results.map(({ traceHash }) => traceHash)).size).toBe(seeds.length);

  const faulty = results.find(({ faults }) => faults.length > 1);
  const without = new Set(faulty?.faults.map(({ number }) => number).slice(0, -1));
  const dropped = await simulate(faulty?.seed ?? 0, { without });
  expect(dropped.faults).toEqual(faulty?.faults.slice(-1));
  expect(dropped.traceHash).not.toBe(faulty?.traceHash);
});
