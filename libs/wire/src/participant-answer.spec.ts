import type { Operation } from '@concordat/protocols';
import { InvariantViolation, isQuestion } from '@concordat/protocols';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ParticipantAnswer } from './participant-answer.js';
import { decodeAnswer, encodeAnswer } from './participant-answer.js';
import { operationsOf } from './words.js';

const operations: readonly Operation[] = Object.values(operationsOf).flat();
const questions = operations.filter(isQuestion);
const orders = operations.filter((operation) => !isQuestion(operation));
const voting: readonly Operation[] = ['prepare', 'can-commit'];
const balloting: readonly Operation[] = ['elect', 'pre-commit', 'pre-abort'];
const final = operations.filter((o) => !voting.includes(o) && !balloting.includes(o));
const standing = { state: 'pre-committed', lastElected: 5, lastAttempt: 4 } as const;

function decode(
  operation: Operation,
  status: number,
  body?: unknown,
  headers: Record<string, string> = {},
): ParticipantAnswer {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return decodeAnswer(operation, status, headers, text);
}

function meaning(operation: Operation, status: number, body?: unknown): string {
  const answer = decode(operation, status, body);
  return answer.type === 'reply' ? answer.reply.type : answer.type;
}

describe('a yes', () => {
  test.each([
    ['prepare', 'prepared'],
    ['can-commit', 'prepared'],
    ['try', 'tried'],
    ['execute', 'done'],
    ['commit', 'acknowledged'],
    ['rollback', 'acknowledged'],
    ['commit-one-phase', 'acknowledged'],
    ['pre-commit', 'acknowledged'],
    ['do-commit', 'acknowledged'],
    ['abort', 'acknowledged'],
    ['pre-abort', 'acknowledged'],
    ['confirm', 'acknowledged'],
    ['cancel', 'acknowledged'],
    ['compensate', 'acknowledged'],
  ] as const)('to %s means %s, with a result or without a body', (operation, expected) => {
    for (const status of [200, 201, 203, 204, 205, 226, 299]) {
      expect(meaning(operation, status)).toBe(expected);
    }
    expect(meaning(operation, 200, {})).toBe(expected);
    expect(meaning(operation, 200, ' \r\n')).toBe(expected);
    expect(decode(operation, 200, { result: { id: 17 } })).toEqual({
      type: 'reply',
      reply: { type: expected },
      result: { id: 17 },
    });
    expect(decode(operation, 200, { result: null, other: 1 })).toMatchObject({ result: null });
  });

  test.each(voting)('to %s may be a vote, with a result', (operation) => {
    expect(meaning(operation, 200, { vote: 'prepared' })).toBe('prepared');
    expect(meaning(operation, 201, { vote: 'read-only' })).toBe('read-only');
    expect(decode(operation, 200, { vote: 'prepared', result: 1 })).toMatchObject({ result: 1 });
  });

  test.each(balloting)('to %s may say how the participant stands', (operation) => {
    expect(decode(operation, 200, { standing })).toEqual({
      type: 'reply',
      reply: { type: 'standing', standing },
    });
  });

  test('to elect must say how the participant stands', () => {
    expect(decode('elect', 200)).toEqual({
      type: 'in-doubt',
      reason: 'HTTP 200 without a standing, to elect',
    });
    expect(meaning('elect', 200, { result: 1 })).toBe('in-doubt');
  });
});

describe('a no', () => {
  test.each(questions)('to the question %s is a refusal', (operation) => {
    expect(decode(operation, 409, { reason: 'no money' })).toEqual({
      type: 'reply',
      reply: { type: 'refused' },
      note: 'no money',
    });
    expect(meaning(operation, 409)).toBe('refused');
    expect(meaning(operation, 409, { message: 'Conflict' })).toBe('refused');
    expect(decode(operation, 409, { reason: { code: 7 } })).toMatchObject({ note: '{"code":7}' });
  });

  test.each(orders)('to the order %s leaves it outstanding', (operation) => {
    expect(decode(operation, 409, { reason: 'locked' })).toEqual({
      type: 'balked',
      reason: 'locked',
    });
    expect(decode(operation, 409)).toEqual({ type: 'balked', reason: 'no reason given' });
  });

  test.each(final.filter((o) => o !== 'try' && o !== 'execute'))(
    'to %s may be that the participant has acted on its own',
    (operation) => {
      for (const word of ['commit', 'rollback', 'mixed', 'hazard']) {
        expect(decode(operation, 409, { heuristic: word, reason: 'a person' })).toEqual({
          type: 'reply',
          reply: { type: `heuristic-${word}` },
          note: 'a person',
        });
      }
      expect(meaning(operation, 409, { heuristic: 'both' })).toBe('in-doubt');
      expect(meaning(operation, 409, { heuristic: 'constructor' })).toBe('in-doubt');
    },
  );

  test.each([...voting, ...balloting, 'try', 'execute'] as const)(
    'to %s cannot be a heuristic: nothing was ordered yet',
    (operation) => {
      expect(meaning(operation, 409, { heuristic: 'rollback' })).toBe('in-doubt');
    },
  );

  test('may repeat in its body that it is one', () => {
    expect(meaning('prepare', 409, { vote: 'refused', reason: 'no money' })).toBe('refused');
  });
});

describe.each(operations)('whatever the operation: %s', (operation) => {
  test('410 with stale means that a higher token was seen', () => {
    expect(decode(operation, 410, { stale: true })).toEqual({ type: 'stale' });
    for (const body of [undefined, {}, { stale: 'true' }, { stale: false }, '<p>Gone</p>']) {
      expect(meaning(operation, 410, body)).toBe('in-doubt');
    }
  });

  test.each([202, 425])('%d means still working', (status) => {
    expect(decode(operation, status)).toEqual({ type: 'working', retryAfterMs: undefined });
    expect(decode(operation, status, '<p>Busy', { 'retry-after': '3' })).toEqual({
      type: 'working',
      retryAfterMs: 3_000,
    });
  });

  test.each([
    100, 300, 301, 302, 304, 307, 400, 401, 403, 404, 405, 408, 412, 418, 422, 423, 429, 500, 501,
    502, 503, 504, 599, 600, 999,
  ])('%d is in doubt', (status) => {
    for (const body of [undefined, { vote: 'prepared' }, { reason: 'no' }, { result: 1 }]) {
      expect(meaning(operation, status, body)).toBe('in-doubt');
    }
  });

  test.each([200, 409])('%d with a body that is no JSON object is in doubt', (status) => {
    const bodies = [
      '<html>',
      'OK',
      '{',
      '{"result":NaN}',
      '{"result":1e999}',
      '{"result":1}}',
      '[]',
      '"done"',
      '1',
      'null',
      'true',
      '\ufeff{}',
      '{"result":undefined}',
      `{"result":${'['.repeat(100_000)}`,
      `{"result":${'['.repeat(65)}${']'.repeat(65)}}`,
    ];
    for (const body of bodies) expect(meaning(operation, status, body)).toBe('in-doubt');
  });

  test('a body that contradicts its status is in doubt', () => {
    for (const body of [
      { vote: 'refused' },
      { vote: 'Prepared' },
      { vote: null },
      { vote: ['prepared'] },
      { ok: true },
      { error: 'no money' },
      { reason: 'no money' },
      { result: 1, heuristic: 'commit' },
      { result: 1, stale: true },
      { standing: {} },
      { standing: { ...standing, lastElected: -1 } },
      { standing: { ...standing, state: 'dead' } },
      { standing: null },
    ]) {
      expect(meaning(operation, 200, body)).toBe('in-doubt');
    }
    for (const body of [
      { vote: 'prepared' },
      { vote: 'read-only' },
      { result: 1 },
      { standing },
      { stale: true },
    ]) {
      expect(meaning(operation, 409, body)).toBe('in-doubt');
    }
  });

  test('what another operation may answer is in doubt', () => {
    const isVoting = voting.includes(operation);
    expect(meaning(operation, 200, { vote: 'prepared' })).toBe(isVoting ? 'prepared' : 'in-doubt');
    expect(meaning(operation, 409, { vote: 'refused' })).toBe(isVoting ? 'refused' : 'in-doubt');
    const isBalloting = balloting.includes(operation);
    expect(meaning(operation, 200, { standing })).toBe(isBalloting ? 'standing' : 'in-doubt');
  });

  test('a poisoned body votes for nobody', () => {
    const body = '{"__proto__":{"vote":"prepared","stale":true,"result":1}}';
    for (const status of [200, 410]) expect(meaning(operation, status, body)).toBe('in-doubt');
  });

  test('nothing throws, and every reason is one bounded line', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(200, 409, 410), fc.integer()),
        fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        (status, body) => {
          const answer = decode(operation, status, body);
          const said = 'reason' in answer ? answer.reason : '';
          expect(said).toMatch(/^[^\p{Cc}\p{Cs}]{0,500}$/u);
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  const date = 'Fri, 20 Nov 2026 12:00:00 GMT';
  test.each([
    ['0', 0],
    ['120', 120_000],
    ['999999999', 3_600_000],
    ['Fri, 20 Nov 2026 12:00:07 GMT', 7_000],
    ['Fri, 20 Nov 2026 11:00:00 GMT', 0],
    ['Sat, 20 Nov 2027 12:00:00 GMT', 3_600_000],
    ['Fri, 99 Foo 2026 12:00:00 GMT', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
  ])('%s is %s ms', (retryAfter, expected) => {
    expect(decode('execute', 202, undefined, { 'retry-after': retryAfter, date })).toEqual({
      type: 'working',
      retryAfterMs: expected,
    });
  });

  test('as a date says nothing without the date of the answer', () => {
    expect(decode('execute', 202, undefined, { 'retry-after': date })).toEqual({
      type: 'working',
      retryAfterMs: undefined,
    });
  });
});

describe('encoding', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', 'é', '"', '\\', '{', '}'),
    minLength: 1,
    maxLength: 50,
  });
  const result = fc.option(
    fc.json().map((json) => ({ result: JSON.parse(json) })),
    { nil: {} },
  );
  const note = fc.option(
    text.map((reason) => ({ note: reason })),
    { nil: {} },
  );

  function replies(operation: Operation): fc.Arbitrary<object> {
    const plain = ['prepared', 'read-only', 'tried', 'done', 'acknowledged'] as const;
    const yes = plain.filter((type) => decodesTo(operation, type)).map((type) => ({ type }));
    const heuristic = ['commit', 'rollback', 'mixed', 'hazard'].map((w) => ({
      type: `heuristic-${w}`,
    }));
    const no = [
      ...(isQuestion(operation) ? [{ type: 'refused' }] : []),
      ...(meaning(operation, 409, { heuristic: 'commit' }) === 'in-doubt' ? [] : heuristic),
    ];
    const arbitraries = [
      ...yes.map((reply) => result.map((with_) => ({ type: 'reply', reply, ...with_ }))),
      ...no.map((reply) => note.map((with_) => ({ type: 'reply', reply, ...with_ }))),
      ...(balloting.includes(operation)
        ? [fc.constant({ type: 'reply', reply: { type: 'standing', standing } })]
        : []),
    ];
    return fc.oneof(...arbitraries);
  }

  function decodesTo(operation: Operation, type: string): boolean {
    return [undefined, { vote: type }].some((body) => meaning(operation, 200, body) === type);
  }

  test.each(operations)('what is said of %s is what is understood', (operation) => {
    const answers = fc.oneof(
      replies(operation),
      fc.constant({ type: 'stale' }),
      fc.option(fc.nat(3_600), { nil: undefined }).map((seconds) => ({
        type: 'working',
        retryAfterMs: seconds === undefined ? undefined : seconds * 1_000,
      })),
      ...(isQuestion(operation) ? [] : [text.map((reason) => ({ type: 'balked', reason }))]),
    ) as fc.Arbitrary<ParticipantAnswer>;
    fc.assert(
      fc.property(answers, (answer) => {
        const { status, headers, body } = encodeAnswer(operation, answer);
        const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
        expect(decodeAnswer(operation, status, Object.fromEntries(lower), body)).toEqual(answer);
      }),
    );
  });

  test('doubt stays doubt, with its reason', () => {
    const { status, headers, body } = encodeAnswer('commit', { type: 'in-doubt', reason: 'why' });
    expect(decodeAnswer('commit', status, headers, body)).toEqual({
      type: 'in-doubt',
      reason: 'HTTP 500 {"reason":"why"}',
    });
  });

  test('what an operation cannot be answered is a mistake of the program', () => {
    const mistakes = [
      ['execute', { type: 'reply', reply: { type: 'prepared' } }],
      ['prepare', { type: 'reply', reply: { type: 'acknowledged' } }],
      ['commit', { type: 'reply', reply: { type: 'refused' } }],
      ['try', { type: 'balked', reason: 'x' }],
      ['prepare', { type: 'reply', reply: { type: 'heuristic-commit' } }],
      ['commit', { type: 'reply', reply: { type: 'standing', standing } }],
      ['elect', { type: 'reply', reply: { type: 'acknowledged' } }],
    ] as const;
    for (const [operation, answer] of mistakes) {
      expect(() => encodeAnswer(operation, answer)).toThrow(InvariantViolation);
    }
  });
});
