import { describe, expect, test } from 'vitest';
import type { Seen } from './probing.js';
import { wordOf } from './probing.js';

const GID = 'concordat:c0ffee00:g:branch';
const seen: Seen = {
  in_recovery: false,
  database: 'orders',
  role: 'app',
  server: '7/00000001',
  is_replicated: false,
  has_standby: false,
  prepared_in: null,
  prepared_by: null,
  prepared_at: null,
  may_end: false,
  xid: null,
  fate: null,
};
const voted = { xid: '42', server: '7/00000001', isReplicated: false };

describe('what Postgres has seen of a branch', () => {
  test.each([
    [
      { prepared_in: 'orders', prepared_by: 'app', may_end: true },
      'prepared',
      /is prepared by app$/,
    ],
    [
      { prepared_in: 'shop', prepared_by: 'app', may_end: true },
      'prepared',
      /in the database shop/,
    ],
    [{ prepared_in: 'orders', prepared_by: 'shop' }, 'prepared', /app may not end it/],
    [{ fate: 'committed' }, 'committed', /transaction 42 has committed/],
    [{ fate: 'aborted' }, 'rolled-back', /transaction 42 has aborted/],
    [{ fate: 'unassigned' }, 'rolled-back', /has not come to 42/],
    [{ fate: 'in progress' }, 'unknown', /being ended at this moment/],
    [{ fate: null }, 'unknown', /too old/],
    [{ in_recovery: true }, 'unknown', /standby/],
    [{ fate: 'committed', server: '8/00000001' }, 'unknown', /voted on the server 7/],
    [{ fate: 'committed', server: '7/00000002' }, 'unknown', /may be another one/],
    [{ fate: 'committed', has_standby: true }, 'committed', /standby has that, was not waited for/],
  ] as const)('%j is %s', (more, observed, evidence) => {
    const word = wordOf(GID, voted, { ...seen, ...more });
    expect(word).toMatchObject({ observed, evidence: expect.stringMatching(evidence) });
  });

  test('another timeline proves a commit if the vote was replicated', () => {
    const found = { ...seen, fate: 'committed', server: '7/00000002' } as const;
    expect(wordOf(GID, { ...voted, isReplicated: true }, found).observed).toBe('committed');
  });

  test('without a vote a branch that is gone looks like one that never was', () => {
    expect(wordOf(GID, undefined, seen)).toMatchObject({
      observed: 'absent',
      evidence: expect.stringMatching(/no vote has left a transaction id/),
    });
  });

  test('since when it is prepared is the word of the server', () => {
    const found = { ...seen, prepared_in: 'orders', prepared_at: 1_000 };
    expect(wordOf(GID, voted, found).since).toBe(1_000);
  });
});
