import { describe, expect, test } from 'vitest';
import type { OutcomeRow } from './outcome-rows.js';
import { queryOf, wordOf } from './probing.js';

describe('what MariaDB has seen of a branch that XA RECOVER does not list', () => {
  test.each([
    [{ type: 'committed' }, true, 'committed', /row in concordat_outcome is committed/],
    [{ type: 'committed' }, false, 'committed', /is committed/],
    [{ type: 'absent' }, true, 'rolled-back', /which the vote saw, is gone/],
    [{ type: 'absent' }, false, 'absent', /there is no outcome row/],
    [{ type: 'pending' }, true, 'prepared', /reset after XA PREPARE/],
    [{ type: 'pending' }, false, 'unknown', /not committed/],
    [{ type: 'unreadable', reason: 'denied' }, true, 'unknown', /cannot be read: denied/],
    [{ type: 'unknown', reason: 'lost' }, true, 'unreachable', /lost/],
  ] as const satisfies readonly (readonly [OutcomeRow, boolean, string, RegExp])[])(
    'with the row %j, promised %s, is %s',
    (row, isPromised, observed, evidence) => {
      expect(wordOf('g:b', row, isPromised)).toMatchObject({
        observed,
        source: 'resource-manager',
        evidence: expect.stringMatching(evidence),
      });
    },
  );

  test('can be looked at by hand with what is shown', () => {
    expect(queryOf({ gtrid: 'concordat:c0ffee00:g', bqual: 'b' })).toBe(
      "xa recover;\nselect written_at from concordat_outcome where gtrid = 'concordat:c0ffee00:g' " +
        "and bqual = 'b';",
    );
  });
});
