import { describe, expect, test } from 'vitest';
import type { Standing } from './machine.js';
import type { Obedience } from './three-phase-participant.js';
import { isFinal, isThreePhaseCall, obey, voted } from './three-phase-participant.js';
import type { BranchId } from './vocabulary.js';

const at = (state: Standing['state'], lastElected = 0, lastAttempt = lastElected): Standing => ({
  state,
  lastElected,
  lastAttempt,
});

const states = ['ready', 'pre-committed', 'pre-aborted', 'committed', 'aborted'] as const;
const finals = ['committed', 'aborted'] as const;
const inDoubt = ['ready', 'pre-committed', 'pre-aborted'] as const;

const told = (standing: Standing): Obedience => ({
  type: 'answer',
  standing,
  reply: { type: 'standing', standing },
});

describe('a vote', () => {
  test('is asked of the handler once', () => {
    expect(obey('nothing', { operation: 'can-commit' })).toEqual({ type: 'vote' });
    expect(voted('prepared')).toEqual(at('ready'));
    expect(voted('refused')).toEqual(at('aborted'));
  });

  test.each([
    ['ready', 'prepared'],
    ['pre-committed', 'prepared'],
    ['pre-aborted', 'prepared'],
    ['committed', 'prepared'],
    ['aborted', 'refused'],
  ] as const)('of a participant that is %s is repeated: %s', (state, vote) => {
    const standing = at(state, 5);
    expect(obey(standing, { operation: 'can-commit' })).toEqual({
      type: 'answer',
      standing,
      reply: { type: vote },
    });
  });

  test('comes too late after an election: who had not voted has aborted (P4)', () => {
    const elected = obey('nothing', { operation: 'elect', ballot: 2 });
    expect(elected).toEqual(told(at('aborted', 2, 0)));
    expect(obey(at('aborted', 2, 0), { operation: 'can-commit' })).toMatchObject({
      reply: { type: 'refused' },
    });
  });
});

describe('a ballot', () => {
  test.each(inDoubt)('is promised once, by whom is %s', (state) => {
    const standing = at(state, 4);
    expect(obey(standing, { operation: 'elect', ballot: 5 })).toEqual(told(at(state, 5, 4)));
    expect(obey(at(state, 5, 4), { operation: 'elect', ballot: 5 })).toEqual(told(at(state, 5, 4)));
  });

  test.each(inDoubt)('below the promise is not obeyed (P2), by whom is %s', (state) => {
    const standing = at(state, 5, 0);
    for (const operation of ['elect', 'pre-commit', 'pre-abort'] as const) {
      expect(obey(standing, { operation, ballot: 4 })).toEqual(told(standing));
    }
  });

  test.each(['pre-commit', 'pre-abort'] as const)(
    'is not obeyed before it is promised: %s',
    (operation) => {
      const standing = at('ready', 0);
      expect(obey(standing, { operation, ballot: 5 })).toEqual(told(standing));
    },
  );

  test.each(inDoubt)('that was promised is obeyed (P3), by whom is %s', (state) => {
    expect(obey(at(state, 5, 0), { operation: 'pre-commit', ballot: 5 })).toEqual({
      type: 'answer',
      standing: at('pre-committed', 5),
      reply: { type: 'acknowledged' },
    });
    expect(obey(at(state, 5, 0), { operation: 'pre-abort', ballot: 5 })).toEqual({
      type: 'answer',
      standing: at('pre-aborted', 5),
      reply: { type: 'acknowledged' },
    });
  });

  test('is the first one, if the call names none', () => {
    expect(obey(at('ready'), { operation: 'pre-commit' })).toMatchObject({
      standing: at('pre-committed', 0),
    });
  });

  test.each(['pre-commit', 'pre-abort'] as const)(
    'is not obeyed by whom does not remember its vote (P5): %s',
    (operation) => {
      expect(obey('nothing', { operation, ballot: 0 })).toEqual({ type: 'silence' });
    },
  );

  test('is not promised by whom has not voted although all have (P5)', () => {
    const elect = { operation: 'elect', ballot: 4, voted: true } as const;
    expect(obey('nothing', elect)).toEqual({ type: 'silence' });
    expect(obey(at('ready', 0), elect)).toEqual(told(at('ready', 4, 0)));
  });
});

describe('who may have forgotten its vote (P6)', () => {
  test.each(['can-commit', 'elect', 'pre-commit', 'pre-abort'] as const)(
    'says nothing to %s',
    (operation) => {
      expect(obey('lost', { operation, ballot: 2 })).toEqual({ type: 'silence' });
    },
  );

  test('says what a decision finds: no work', () => {
    expect(obey('lost', { operation: 'do-commit' })).toEqual({
      type: 'deny',
      reply: { type: 'heuristic-rollback' },
    });
    expect(obey('lost', { operation: 'abort' })).toMatchObject({
      standing: at('aborted'),
      reply: { type: 'acknowledged' },
    });
  });
});

describe('a decision', () => {
  test.each(inDoubt)('settles whoever is %s', (state) => {
    expect(obey(at(state, 5, 4), { operation: 'do-commit' })).toEqual({
      type: 'settle',
      operation: 'do-commit',
      standing: at('committed', 5, 4),
      reply: { type: 'acknowledged' },
    });
    expect(obey(at(state, 5, 4), { operation: 'abort' })).toEqual({
      type: 'settle',
      operation: 'abort',
      standing: at('aborted', 5, 4),
      reply: { type: 'acknowledged' },
    });
  });

  test.each([
    ['do-commit', 'committed', 'acknowledged'],
    ['do-commit', 'aborted', 'heuristic-rollback'],
    ['abort', 'committed', 'heuristic-commit'],
    ['abort', 'aborted', 'acknowledged'],
  ] as const)('%s, of whom is %s: %s, and nothing is done', (operation, state, reply) => {
    const standing = at(state, 5, 4);
    expect(obey(standing, { operation })).toEqual({
      type: 'answer',
      standing,
      reply: { type: reply },
    });
  });

  test('keeps out a vote that comes after it', () => {
    expect(obey('nothing', { operation: 'abort' })).toMatchObject({
      standing: at('aborted'),
      reply: { type: 'acknowledged' },
    });
  });

  test('to commit is denied by whom remembers no vote, and nothing is kept of it (P7)', () => {
    expect(obey('nothing', { operation: 'do-commit' })).toEqual({
      type: 'deny',
      reply: { type: 'heuristic-rollback' },
    });
  });

  test.each(finals)('is final (P1): %s', (state) => {
    const standing = at(state, 5, 4);
    const operations = [
      'can-commit',
      'elect',
      'pre-commit',
      'pre-abort',
      'do-commit',
      'abort',
    ] as const;
    for (const operation of operations) {
      expect(obey(standing, { operation, ballot: 9 })).toMatchObject({ type: 'answer', standing });
    }
  });

  test('is what isFinal knows', () => {
    expect(states.filter((state) => isFinal(at(state)))).toEqual(finals);
  });
});

test('the operations of 3PC are told from others', () => {
  const branch = 'a' as BranchId;
  expect(isThreePhaseCall({ branch, operation: 'elect', ballot: 1 })).toBe(true);
  expect(isThreePhaseCall({ branch, operation: 'prepare' })).toBe(false);
});
