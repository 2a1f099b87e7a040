import type { Instant } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { waitingCauseOf } from './waiting.js';

const calls = [
  { branch: 'credit', participant: 'beta', operation: 'commit' },
  { branch: 'debit', participant: 'alfa', operation: 'commit' },
];
const blocking = { tenant: 'default', begunAt: 0 as Instant, calls };
const ofDebit = { branch: 'debit', resourceManager: 'alfa-db' };

describe('the cause of what is prepared, and not stuck', () => {
  test('is the call that is outstanding at the branch which holds the locks', () => {
    expect(waitingCauseOf(ofDebit, blocking)).toMatchObject({
      participant: 'alfa',
      operation: 'commit',
      error: 'prepared in alfa-db, and its transaction has not come to its end',
    });
  });

  test('is the call for which the decision waits, if the branch itself was not called', () => {
    const [first] = calls;
    const undecided = { ...blocking, calls: [{ ...first!, operation: 'prepare' }] };
    expect(waitingCauseOf(ofDebit, undecided)).toMatchObject({
      participant: 'beta',
      operation: 'prepare',
    });
  });

  test('is the initiator where no call is outstanding', () => {
    expect(waitingCauseOf(ofDebit, { ...blocking, calls: [] })).toMatchObject({
      participant: 'its initiator',
      operation: 'commit or rollback',
    });
  });

  test('is the same for all that wait at one participant in one database', () => {
    const other = { ...blocking, begunAt: 1 as Instant };
    const [one, two] = [blocking, other].map((each) => waitingCauseOf(ofDebit, each).fingerprint);
    expect(one).toBe(two);
    const elsewhere = { ...ofDebit, resourceManager: 'gamma-db' };
    expect(waitingCauseOf(elsewhere, blocking).fingerprint).not.toBe(one);
  });
});
