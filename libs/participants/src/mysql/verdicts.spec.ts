// The whole table: what is answered to an order, by what the server said and what the row says.
import type { OutcomeRow } from './outcome-rows.js';
import type { Order, Word } from './verdicts.js';
import { isPromisedIn, outcomeRowEvidence, verdictOf } from './verdicts.js';
import { describe, expect, test } from 'vitest';

const rows: Record<string, OutcomeRow | undefined> = {
  committed: { type: 'committed' },
  pending: { type: 'pending' },
  absent: { type: 'absent' },
  unreadable: { type: 'unreadable', reason: 'no such table' },
  unknown: { type: 'unknown', reason: 'the connection was lost' },
  unasked: undefined,
};

/** Its answer in one word: the reply, or the kind of answer. */
function answerTo(order: Order, word: Word, row: string, isPromised: boolean): string {
  const answer = verdictOf({ name: 'g:b', order, word, row: rows[row], isPromised });
  return answer.type === 'reply' ? answer.reply.type : answer.type;
}

describe('the outcome row', () => {
  const words = ['ended', 'nothing', 'wrote-nothing', 'rolled-back'] as const;
  const both = [true, false];

  test.each(words)('decides where it is committed, whatever else was said: %s', (type) => {
    for (const isPromised of both) {
      expect(answerTo('commit', { type }, 'committed', isPromised)).toBe('acknowledged');
      expect(answerTo('rollback', { type }, 'committed', isPromised)).toBe('heuristic-commit');
    }
  });

  test.each(words)('leaves in doubt what it shows as prepared, or does not show: %s', (type) => {
    for (const order of ['commit', 'rollback'] as const) {
      for (const isPromised of both) {
        expect(answerTo(order, { type }, 'pending', isPromised)).toBe('in-doubt');
        expect(answerTo(order, { type }, 'unknown', isPromised)).toBe('in-doubt');
      }
      expect(answerTo(order, { type }, 'unreadable', true)).toBe('in-doubt');
    }
  });

  test.each(words)('that is absent is a rollback, to a rollback: %s', (type) => {
    for (const isPromised of both) {
      expect(answerTo('rollback', { type }, 'absent', isPromised)).toBe('acknowledged');
    }
  });
});

test.each([
  // word, promised, not promised
  ['ended', 'heuristic-hazard', 'acknowledged'],
  ['nothing', 'heuristic-rollback', 'heuristic-hazard'],
  ['wrote-nothing', 'heuristic-rollback', 'acknowledged'],
  ['rolled-back', 'heuristic-rollback', 'heuristic-rollback'],
] as const)('a commit that is answered "%s", without a row', (type, promised, unpromised) => {
  expect(answerTo('commit', { type }, 'absent', true)).toBe(promised);
  expect(answerTo('commit', { type }, 'absent', false)).toBe(unpromised);
  expect(answerTo('commit', { type }, 'unreadable', false)).toBe(unpromised);
});

test('what is still listed is in doubt', () => {
  for (const order of ['commit', 'rollback'] as const) {
    expect(answerTo(order, { type: 'held' }, 'unasked', true)).toBe('in-doubt');
  }
});

test('what a repetition cannot mend balks; anything else that is refused is in doubt', () => {
  const refused = (errno: number): Word => ({ type: 'refused', errno, reason: 'no' });
  for (const errno of [1290, 1227, 1399]) {
    expect(answerTo('commit', refused(errno), 'unasked', true)).toBe('balked');
  }
  for (const errno of [1205, 1040, 3101]) {
    expect(answerTo('commit', refused(errno), 'unasked', true)).toBe('in-doubt');
  }
});

test('a promise is read from the result of the vote alone', () => {
  expect(isPromisedIn(outcomeRowEvidence)).toBe(true);
  for (const other of [undefined, null, true, {}, { outcomeRow: 'true' }, [outcomeRowEvidence]]) {
    expect(isPromisedIn(other)).toBe(false);
  }
});
