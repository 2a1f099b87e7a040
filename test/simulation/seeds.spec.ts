// Three hundred seeds of the real engine in a world of fakes, and proof that their faults happened.
import type { Totals } from '@concordat/simulator';
import { addResult, describeFault, faultKinds, simulate, total } from '@concordat/simulator';
import { protocolNames } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';

const SEEDS = 300;
const SEEDS_A_TEST = 30;
const totals: Totals = total();
/** An eager recovery and a journal in trouble: a late decision races the presumption of none. */
const SEEDS_ALONE = 60;
const alone: Totals = total();

describe('no seed has a complaint', () => {
  const firsts = Array.from(
    { length: SEEDS / SEEDS_A_TEST },
    (_, index) => index * SEEDS_A_TEST + 1,
  );

  test.each(firsts)('from %i on', { timeout: 60_000 }, async (first) => {
    for (let seed = first; seed < first + SEEDS_A_TEST; seed++) {
      const result = await simulate(seed);
      addResult(totals, result);
      const { complaints, faults } = result;
      const again = `npm run simulate -- --minimize ${seed}`;
      expect(complaints, [again, ...faults.map(describeFault)].join('\n')).toEqual([]);
    }
  });

  test('of arrivals alone', { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= SEEDS_ALONE; seed++) {
      const result = await simulate(seed, { arrivals: 'alone' });
      addResult(alone, result);
      expect(result.complaints, [`seed ${seed}`, ...result.trace].join('\n')).toEqual([]);
    }
  });
});

describe('the seeds have reached', () => {
  const missing = (names: readonly string[], counts: ReadonlyMap<string, number>) =>
    names.filter((name) => (counts.get(name) ?? 0) === 0);

  test('every kind of fault', () => {
    expect(totals.seeds).toBe(SEEDS);
    expect(missing(faultKinds, totals.fired)).toEqual([]);
  });

  test('duplicates, and stale calls that nobody has accepted', () => {
    expect(totals.calls.get('duplicates')).toBeGreaterThan(1_000);
    expect(totals.calls.get('staleAttempted')).toBeGreaterThan(100);
    expect(totals.calls.get('staleAccepted')).toBe(0);
  });

  test('people who have intervened, and whose acts came too late', () => {
    expect(totals.arrivals.get('intervened')).toBeGreaterThan(100);
    expect(totals.arrivals.get('not intervened')).toBeGreaterThan(100);
  });

  test('all that can become of an arrival, and of what it leaves behind', () => {
    const what = [
      'told commit',
      'told rollback',
      'in doubt',
      'settled',
      'last resource committed',
      'orphaned presumed',
      'orphaned overtaken',
      'reappeared finished',
      'reappeared overtaken',
      'no evidence',
    ];
    expect(missing(what, totals.arrivals)).toEqual([]);
  });

  test('the race of a decision with the presumption of none, often, and either has won', () => {
    expect(alone.seeds).toBe(SEEDS_ALONE);
    expect(alone.arrivals.get('settled')).toBeGreaterThan(50);
    expect(alone.arrivals.get('orphaned presumed')).toBeGreaterThan(10);
    expect(alone.arrivals.get('orphaned overtaken')).toBeGreaterThan(10);
    expect([...alone.outcomes.keys()].toSorted()).toEqual(['2pc committed', '2pc rolled-back']);
  });

  test('every outcome, and both ordinary ones in each protocol', () => {
    const ordinary = protocolNames.flatMap((name) => [`${name} committed`, `${name} rolled-back`]);
    expect(missing(ordinary, totals.outcomes)).toEqual([]);
    const reached = [...totals.outcomes.keys()].map((name) => name.split(' ')[1]);
    const outcomes = [
      'committed',
      'heuristic-commit',
      'heuristic-hazard',
      'heuristic-mixed',
      'heuristic-rollback',
      'parked',
      'partly-compensated',
      'rolled-back',
    ];
    expect(outcomes.filter((outcome) => !reached.includes(outcome))).toEqual([]);
  });

  test('every phase of each protocol, and of the surrogates in 3PC', () => {
    const phases = [
      '2pc active preparing committing committing-one-phase rolling-back ended',
      '3pc active voting pre-committing electing pre-aborting committing aborting ended',
      'tcc active trying confirming cancelling ended',
      'saga forward pivoting completing backward ended',
      'surrogate electing pre-committing pre-aborting committing aborting over',
    ].flatMap((line) => {
      const [protocol, ...names] = line.split(' ');
      return names.map((name) => `${protocol} ${name}`);
    });
    expect(missing(phases, totals.phases)).toEqual([]);
  });
});
