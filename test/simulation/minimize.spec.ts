// Minimising finds what a failure needs, and keeps only that.
import type { Result } from '@concordat/simulator';
import { minimize, simulate } from '@concordat/simulator';
import { expect, test } from 'vitest';

const TIMEOUT_MS = 60_000;

/** The simulator, with a complaint planted for as long as one fault is there. */
function failingWith(kind: string): typeof simulate {
  return async (seed, options) => {
    const result: Result = await simulate(seed, options);
    const culprit = result.faults.find((fault) => fault.kind === kind);
    return culprit === undefined ? result : { ...result, complaints: [`t1.1: ${kind} was here`] };
  };
}

test(
  'the one fault that matters remains, and the trace shows it',
  { timeout: TIMEOUT_MS },
  async () => {
    const { faults } = await simulate(2);
    const [culprit] = faults;
    expect(faults.length).toBeGreaterThan(3);
    const smallest = await minimize(2, {}, failingWith(culprit?.kind ?? ''));
    expect(smallest.faults.map(({ kind }) => kind)).toEqual([culprit?.kind]);
    expect(smallest.complaints).toEqual([`t1.1: ${culprit?.kind} was here`]);
    expect(smallest.trace.length).toBeGreaterThan(500);
  },
);

test('a failure that needs no fault keeps none', { timeout: TIMEOUT_MS }, async () => {
  const always: typeof simulate = async (seed, options) => {
    return { ...(await simulate(seed, options)), complaints: ['broken'] };
  };
  expect((await minimize(2, {}, always)).faults).toEqual([]);
});

test('a seed that passes has nothing to minimise', { timeout: TIMEOUT_MS }, async () => {
  expect((await minimize(3)).complaints).toEqual([]);
});
