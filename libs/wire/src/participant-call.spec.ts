import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCallHeading, parseCallBody, parseCallHeading } from './participant-call.js';
import { asBranchId, asGtid, operationsOf } from './words.js';

const heading = {
  from: 'coordinator',
  gtid: asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'),
  branch: asBranchId('payment'),
  operation: 'execute',
  protocol: 'saga',
  token: 7,
  retriable: false,
  traceparent: null,
} as const;

const peerOperations = ['state', 'elect', 'pre-commit', 'pre-abort', 'do-commit', 'abort'] as const;

function received(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

describe('the headers of a call', () => {
  test('are those of the contract', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(encodeCallHeading({ ...heading, traceparent })).toEqual({
      'Concordat-Transaction': heading.gtid,
      'Concordat-Branch': 'payment',
      'Concordat-Operation': 'execute',
      'Concordat-Protocol': 'saga',
      'Concordat-Token': '7',
      'Idempotency-Key': `${heading.gtid}:payment:execute`,
      traceparent,
    });
  });

  test('have a key of its own for each ballot that they speak for', () => {
    const keyOf = (ballot?: number) =>
      encodeCallHeading({ ...heading, protocol: '3pc', operation: 'elect' }, ballot)[
        'Idempotency-Key'
      ];
    expect(keyOf(4)).toBe(`${heading.gtid}:payment:elect@4`);
    expect(keyOf(0)).toBe(`${heading.gtid}:payment:elect@0`);
    expect(keyOf()).toBe(`${heading.gtid}:payment:elect`);
  });

  test('say what was meant', () => {
    const about = {
      gtid: fc.uuid({ version: 7 }).map(asGtid),
      branch: fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/).map(asBranchId),
      traceparent: fc.constantFrom(null, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    };
    const fromCoordinator = fc.record({
      ...about,
      from: fc.constant('coordinator'),
      operation: fc.constantFrom(...Object.values(operationsOf).flat()),
      protocol: fc.constantFrom('2pc', '3pc', 'tcc', 'saga'),
      token: fc.integer({ min: 1 }),
      retriable: fc.constant(false),
    });
    const afterThePivot = fromCoordinator.map(
      (sent) => ({ ...sent, operation: 'execute', retriable: true }) as const,
    );
    const fromParticipant = fc.record({
      ...about,
      from: fc.constant('participant'),
      operation: fc.constantFrom(...peerOperations),
      protocol: fc.constant('3pc'),
    });
    fc.assert(
      fc.property(fc.oneof(fromCoordinator, afterThePivot, fromParticipant), (sent) => {
        const result = parseCallHeading(received(encodeCallHeading(sent)));
        expect(result).toEqual({ ok: true, value: sent });
      }),
    );
  });

  test('are named where they are missing or malformed', () => {
    const { 'concordat-branch': _, ...headers } = received(encodeCallHeading(heading));
    const result = parseCallHeading({ ...headers, 'concordat-token': '0' });
    expect(result.ok ? [] : result.errors.map(({ pointer }) => pointer)).toEqual([
      '/concordat-branch',
      '/concordat-token',
    ]);
  });
});

describe('a call without a token', () => {
  const { 'concordat-token': _, ...untokened } = received(encodeCallHeading(heading));
  const errorsOf = (headers: object) => {
    const result = parseCallHeading({ ...untokened, ...headers });
    return result.ok ? [] : result.errors;
  };

  test.each(Object.values(operationsOf).flat())(
    'is from a participant, or none: %s',
    (operation) => {
      const errors = errorsOf({ 'concordat-operation': operation, 'concordat-protocol': '3pc' });
      const mayLackIt = peerOperations.some((known) => known === operation);
      expect(errors).toEqual(
        mayLackIt ? [] : [{ pointer: '/concordat-token', message: 'is required' }],
      );
    },
  );

  test('is of 3PC', () => {
    const errors = errorsOf({ 'concordat-operation': 'abort', 'concordat-protocol': 'saga' });
    expect(errors.map(({ pointer }) => pointer)).toEqual(['/concordat-protocol']);
  });
});

test('only an execute can be retriable: every other question may be refused', () => {
  const headers = received(encodeCallHeading({ ...heading, protocol: 'tcc', operation: 'try' }));
  const result = parseCallHeading({ ...headers, 'concordat-retriable': 'true' });
  expect(result).toMatchObject({ ok: false, errors: [{ pointer: '/concordat-retriable' }] });
});

describe('the body of a call', () => {
  test('carries what the operation needs, and no more', () => {
    const body = {
      payload: [1],
      result: { id: 17 },
      results: { stock: null },
      roster: {
        members: [{ branch: 'a', url: 'http://127.0.0.1:1/a' }],
        quorum: 1,
        deadlineAt: '2026-11-20T12:00:30.000Z',
      },
      ballot: 0,
      voted: true,
    };
    expect(parseCallBody({ ...body, tomorrow: 'unknown' })).toEqual({ ok: true, value: body });
    expect(parseCallBody({ payload: null })).toEqual({ ok: true, value: { payload: null } });
  });

  test('keeps the result of a branch with a name that JavaScript has taken', () => {
    const result = parseCallBody(JSON.parse('{"payload":1,"results":{"__proto__":{"id":1}}}'));
    expect(result.ok && Object.entries(result.value.results ?? {})).toEqual([
      ['__proto__', { id: 1 }],
    ]);
  });

  test.each([
    [null, ['']],
    [{ payload: null, results: [1] }, ['/results']],
    [{ payload: null, ballot: -1 }, ['/ballot']],
    [{ payload: null, ballot: 2 ** 40 + 1 }, ['/ballot']],
    [{ payload: null, voted: 'yes' }, ['/voted']],
    [
      { payload: null, roster: { members: [{}], quorum: 0 } },
      ['/roster/members/0/branch', '/roster/members/0/url', '/roster/quorum', '/roster/deadlineAt'],
    ],
    [JSON.parse('{"payload":1e999}'), ['/payload']],
  ])('%j is malformed', (body: unknown, expected) => {
    const result = parseCallBody(body);
    expect(result.ok ? [] : result.errors.map(({ pointer }) => pointer)).toEqual(expected);
  });
});
