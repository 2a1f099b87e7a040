// Seeds that once failed, each with what was wrong. They are replayed as they were then: without
// the arrivals that half of the seeds have got since, and the operators that a third have.
import { minimize, simulate } from '@concordat/simulator';
import { describe, expect, test } from 'vitest';

const TIMEOUT_MS = 60_000;

// The journal answered plain reads from versions that were applied and not yet replicated; a
// failover forgot them. `dirty` loads are what it did, and what the default forbids.
describe('what is loaded from the journal is durable', () => {
  test.each([
    [
      321,
      'an initiator read the end of a transaction that was forgotten, and it was rolled back',
      'version 4 says rollback, an initiator was told commit',
    ],
    [
      468,
      'a participant in doubt was told a decision that was forgotten, and another was taken',
      'version 2 says rollback, a participant was told commit',
    ],
    [
      176,
      'an initiator whose key was taken was told of a transaction that was forgotten',
      'it was known, and then an initiator was told it is not',
    ],
  ])('seed %i: %s', { timeout: TIMEOUT_MS }, async (seed, _, complaint) => {
    const { complaints, faults } = await minimize(seed, {
      loads: 'dirty',
      arrivals: 'none',
      operators: 'none',
    });
    expect(complaints.join()).toContain(complaint);
    expect(faults.map(({ kind }) => kind)).toContain('failover');

    const mended = await simulate(seed, { arrivals: 'none', operators: 'none' });
    expect(mended.complaints).toEqual([]);
    expect(mended.counts.fired.get('failover')).toBeGreaterThan(0);
  });
});

// An arrival was told `known` of another of the same process that was only being written. It
// looked, found nothing, and said that it was rolled back; then the other failed, and its own first
// attempt, whose fate had not been known, was written late: committed.
test.each([20, 78, 339])(
  'seed %i of arrivals alone: nothing is known of what is only being written',
  async (seed) => {
    const { complaints } = await simulate(seed, { arrivals: 'alone', operators: 'none' });
    expect(complaints).toEqual([]);
  },
);

// A vote was written without waiting, and forgotten by a failover. Another instance took the
// transaction and wrote a version of the same number: the decision. The first went on from its own,
// and the guard, which compares numbers, let it decide otherwise.
test('seed 28417: what a version is built upon is durable', async () => {
  const { complaints, counts } = await simulate(28417, { operators: 'none' });
  expect(complaints).toEqual([]);
  expect(counts.fired.get('failover')).toBeGreaterThan(0);
});

// To come to a far deadline the simulator leapt over the lease of a call that was under way, and
// complained of the instance that took the transaction over.
test('seed 20405: nobody is asked to renew a lease in a time that nobody lives through', async () => {
  const { complaints, trace } = await simulate(20405, {
    arrivals: 'none',
    operators: 'none',
    keepsTrace: true,
  });
  expect(complaints).toEqual([]);
  expect(trace.some((line) => line.includes('nothing happens for'))).toBe(true);
});

// An instance whose memory was older than the journal took the transaction anew, and asked what was
// due before it had dealt with a reply that lay in the mailbox: it asked again what it had heard.
test('seed 1252: what was heard comes before what is due', async () => {
  const { complaints } = await simulate(1252, { arrivals: 'none', operators: 'none' });
  expect(complaints).toEqual([]);
});

// A database prepared, and lost the reply; a person committed by hand. Then the network brought a
// second copy of PREPARE, which no session gets: it was refused, and that was taken for the vote.
test('seed 7062: a database hears a statement once', async () => {
  const { complaints, counts, trace } = await simulate(7062, {
    operators: 'none',
    keepsTrace: true,
  });
  expect(complaints).toEqual([]);
  expect(counts.fired.get('duplication')).toBeGreaterThan(0);
  const about = trace.filter((line) => line.includes('b8d0-7000-8000-000000000006 p1'));
  expect(about.filter((line) => line.includes('c0>p1 PREPARE'))).toHaveLength(1);
  expect(about.some((line) => line.includes('heuristic-commit'))).toBe(true);
});

// What a person had resumed was due at that very instant, so nobody had a lease on it: whoever had
// written it postponed it to the next instant, again and again, and another took it meanwhile.
test('seed 462: who sets a transaction going keeps its lease', async () => {
  const { complaints, counts, trace } = await simulate(462, { keepsTrace: true });
  expect(complaints).toEqual([]);
  expect(counts.arrivals.get('intervened')).toBeGreaterThan(0);
  const postponed = trace.filter((line) => line.includes('c1 postpone t8.1 v6'));
  expect(postponed.length).toBeLessThan(10); // hundreds, before
});
