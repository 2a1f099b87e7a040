// Seeds that once failed, each with what was wrong.
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
    const { complaints, faults } = await minimize(seed, { loads: 'dirty' });
    expect(complaints.join()).toContain(complaint);
    expect(faults.map(({ kind }) => kind)).toContain('failover');

    const mended = await simulate(seed);
    expect(mended.complaints).toEqual([]);
    expect(mended.counts.fired.get('failover')).toBeGreaterThan(0);
  });
});

// An instance whose memory was older than the journal took the transaction anew, and asked what was
// due before it had dealt with a reply that lay in the mailbox: it asked again what it had heard.
test('seed 1252: what was heard comes before what is due', async () => {
  const { complaints } = await simulate(1252);
  expect(complaints).toEqual([]);
});
