import type { Answer } from '@concordat/engine';
import { describe, expect, test } from 'vitest';
import type { Look, Order, Voted } from './verdicts.js';
import { failureOf, fateOf, votedIn, voteOf } from './verdicts.js';

const gid = 'concordat:c0ffee00:01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55:payment';
const server = '7417000000000000001/00000001';

function look(more: Partial<Look> = {}): Look {
  return {
    in_recovery: false,
    database: 'orders',
    role: 'app',
    server,
    is_replicated: false,
    prepared_in: null,
    prepared_by: null,
    may_end: false,
    xid: null,
    fate: null,
    ...more,
  };
}

const prepared = { prepared_in: 'orders', prepared_by: 'app', may_end: true, xid: '748' };
const voted: Voted = { xid: '748', server, isReplicated: false };

/** The reply, or what else it is, without what people read. */
function wordOf(answer: Answer): string {
  return answer.type === 'reply' ? answer.reply.type : answer.type;
}

describe('a vote', () => {
  test('leaves behind how the branch will be found again', () => {
    expect(voteOf(gid, look({ ...prepared, is_replicated: true }))).toEqual({
      type: 'reply',
      reply: { type: 'prepared' },
      result: { xid: '748', server, replicated: true },
    });
  });

  test.each([
    ['a standby', look({ in_recovery: true }), /register the primary/],
    ['another database', look({ ...prepared, prepared_in: 'stock' }), /database stock: register/],
    ['another role', look({ ...prepared, prepared_by: 'shop', may_end: false }), /role shop, or a/],
  ])('is in doubt where the branch is prepared on %s', (_, seen, reason) => {
    expect(voteOf(gid, seen)).toEqual({
      type: 'in-doubt',
      reason: expect.stringMatching(reason),
    });
  });

  test('is a no where nothing is prepared', () => {
    expect(wordOf(voteOf(gid, look()))).toBe('refused');
  });

  test('is read back from the journal, if it is one', () => {
    expect(votedIn({ xid: '748', server, replicated: true })).toEqual({
      ...voted,
      isReplicated: true,
    });
    expect(votedIn({ xid: '748' })).toEqual({ xid: '748', server: undefined, isReplicated: false });
    const others = [undefined, null, 748, '748', [], {}, { xid: 748 }, { xid: "1'" }, { xid: '' }];
    for (const result of others) expect(votedIn(result)).toBeUndefined();
  });
});

describe('what has become of a branch', () => {
  test.each([
    ['in progress', 'working', 'working'],
    ['committed', 'acknowledged', 'heuristic-commit'],
    ['aborted', 'heuristic-rollback', 'acknowledged'],
    ['unassigned', 'heuristic-rollback', 'acknowledged'],
    [null, 'heuristic-hazard', 'heuristic-hazard'],
  ] as const)('whose transaction is %s', (fate, toCommit, toRollback) => {
    const answers = (['commit', 'rollback'] as const).map((order) =>
      wordOf(fateOf(order, gid, voted, look({ fate }))),
    );
    expect(answers).toEqual([toCommit, toRollback]);
  });

  test.each([
    ['commit', 'heuristic-hazard'],
    ['rollback', 'acknowledged'],
  ] as const)('that has not voted, at a %s', (order, word) => {
    expect(wordOf(fateOf(order, gid, undefined, look()))).toBe(word);
  });

  test.each(['commit', 'rollback'] as const)(
    'that is prepared again, at a %s, is asked again',
    (order) => {
      expect(wordOf(fateOf(order, gid, voted, look(prepared)))).toBe('working');
    },
  );

  test('is not told by a standby', () => {
    expect(wordOf(fateOf('commit', gid, voted, look({ in_recovery: true })))).toBe('in-doubt');
  });

  const forked = { server: '7417000000000000001/00000002' };

  test.each([
    ['commit', 'committed', 'heuristic-hazard'],
    ['rollback', 'committed', 'heuristic-hazard'],
    ['commit', 'aborted', 'heuristic-rollback'],
    ['rollback', 'aborted', 'acknowledged'],
    ['commit', 'unassigned', 'heuristic-rollback'],
  ] as const)('on another timeline, at a %s, if it is %s', (order: Order, fate, word) => {
    const answer = fateOf(order, gid, voted, look({ ...forked, fate }));
    expect(wordOf(answer)).toBe(word);
  });

  test('on another timeline is believed if the vote was replicated', () => {
    const seen = look({ ...forked, fate: 'committed' });
    const sure = { ...voted, isReplicated: true };
    expect(wordOf(fateOf('commit', gid, sure, seen))).toBe('acknowledged');
    expect(wordOf(fateOf('rollback', gid, sure, seen))).toBe('heuristic-commit');
  });

  test('is not looked for on a server that did not vote', () => {
    const seen = look({ server: '7417000000000000002/00000001', fate: 'aborted' });
    expect(fateOf('commit', gid, { ...voted, isReplicated: true }, seen)).toEqual({
      type: 'balked',
      reason: expect.stringMatching(/register that one again/),
    });
  });

  test('is evidence that names the branch and its transaction', () => {
    for (const fate of ['aborted', 'unassigned', null] as const) {
      const answer = fateOf('commit', gid, voted, look({ fate }));
      expect(answer).toHaveProperty('note', expect.stringContaining(gid));
      expect(answer).toHaveProperty('note', expect.stringContaining('748'));
    }
  });
});

test.each([
  ['42501', 'balked', /role that prepares/],
  ['0A000', 'balked', /register the database/],
  ['25001', 'balked', /pooler/],
  ['25006', 'balked', /register the primary/],
  ['53100', 'in-doubt', /^no space$/],
  ['XX000', 'in-doubt', /^no space$/],
])('an order that fails with %s is %s, and says why', (sqlState, type, reason) => {
  expect(failureOf(sqlState, 'no space')).toEqual({
    type,
    reason: expect.stringMatching(reason),
  });
});

test.each(['55000', '53200'])('an order that fails with %s is asked again', (sqlState) => {
  expect(wordOf(failureOf(sqlState, 'busy'))).toBe('working');
});
