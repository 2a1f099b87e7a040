import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBegin, parseEnlist } from './begin-request.js';
import type { Parsed } from './parsed.js';

const limits = { branchesMax: 5, payloadBytesMax: 100 };
const branch = { id: 'a', participant: 'bank' };

/** What is wrong with a body, as `pointer message`. */
function faults(result: Parsed<unknown>): readonly string[] {
  return result.ok ? [] : result.errors.map(({ pointer, message }) => `${pointer} ${message}`);
}

function pointers(body: unknown): readonly string[] {
  const result = parseBegin(body, limits);
  return result.ok ? [] : result.errors.map(({ pointer }) => pointer);
}

function saga(...branches: readonly object[]): object {
  return { protocol: 'saga', branches };
}

describe('a begin', () => {
  test('has its defaults filled in', () => {
    const body = { protocol: '2pc', branches: [{ ...branch, retry: { attemptsMax: 5 } }] };
    expect(parseBegin(body, limits)).toEqual({
      ok: true,
      value: {
        protocol: '2pc',
        name: null,
        metadata: {},
        deadlineMs: 30_000,
        driven: true,
        branches: [
          {
            id: 'a',
            participant: 'bank',
            payload: null,
            dependsOn: [],
            pivot: false,
            timeoutMs: 3_000,
            retry: { attemptsMax: 5, firstDelayMs: 100, delayMaxMs: 10_000 },
          },
        ],
      },
    });
  });

  test('without branches is not driven', () => {
    expect(parseBegin({ protocol: 'tcc' }, limits)).toMatchObject({
      ok: true,
      value: { driven: false, branches: [] },
    });
  });

  test('of a saga makes each branch depend on the one before it, unless it says otherwise', () => {
    const body = saga(
      { ...branch, id: 'a' },
      { ...branch, id: 'b' },
      { ...branch, id: 'c', dependsOn: [] },
      { ...branch, id: 'd', dependsOn: ['a', 'c'], pivot: true },
    );
    const result = parseBegin(body, limits);
    expect(result.ok && result.value.branches.map(({ dependsOn }) => dependsOn)).toEqual([
      [],
      ['a'],
      [],
      ['a', 'c'],
    ]);
  });

  test('hands a payload on as it is, whatever its keys are called', () => {
    const payload: unknown = JSON.parse('{"__proto__":{"x":1},"constructor":[null,1.5,"\\ud800"]}');
    const result = parseBegin({ protocol: '2pc', branches: [{ ...branch, payload }] }, limits);
    expect(result.ok && JSON.stringify(result.value.branches[0]?.payload)).toBe(
      JSON.stringify(payload),
    );
  });

  test('may call its branches what JavaScript calls its own', () => {
    const ids = ['__proto__', 'constructor', 'toString'];
    const result = parseBegin(saga(...ids.map((id) => ({ ...branch, id }))), limits);
    expect(result.ok && result.value.branches.map(({ id }) => id)).toEqual(ids);
  });
});

describe('a malformed begin', () => {
  test('hears of every bad field at once, of its shape and of its sense', () => {
    const body = {
      protocol: 'saga',
      name: 'two\nlines',
      deadlineMs: 0,
      metadata: { order: 42 },
      'a/b~c': 1,
      branches: [
        { id: 'a', participant: 'bank', pivot: true, dependsOn: ['nobody'] },
        { id: 'a', participant: { url: 7, port: 1 }, pivot: true, timeoutMs: 2_147_483_648 },
        { id: "x'; drop table", participant: null, retry: { attempts: 1 } },
        'not a branch',
      ],
    };
    expect(faults(parseBegin(body, limits)).toSorted()).toEqual([
      '/a~1b~0c is not a known field',
      '/branches/1/id repeats a',
      '/branches/1/participant/port is not a known field',
      '/branches/1/participant/url Invalid input: expected string, received number',
      '/branches/1/pivot is the second pivot of this saga',
      '/branches/1/timeoutMs Too big: expected number to be <=300000',
      '/branches/2/id must be 1 to 64 characters of A-Z a-z 0-9 _ . -',
      '/branches/2/participant must be the name of a participant, or { "url": … }',
      '/branches/2/retry/attempts is not a known field',
      '/branches/3 Invalid input: expected object, received string',
      '/deadlineMs Too small: expected number to be >=1',
      '/metadata/order Invalid input: expected string, received number',
      '/name must consist of printable characters',
    ]);
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'begin'],
    ['a list', []],
    ['a number', 1],
  ])('that is %s is wrong as a whole', (_, body) => {
    expect(pointers(body)).toEqual(['']);
  });

  test.each([
    ['no protocol', {}, ['/protocol']],
    ['an unknown protocol', { protocol: '4pc' }, ['/protocol']],
    ['an empty name', { protocol: '2pc', name: '' }, ['/name']],
    ['a name too long', { protocol: '2pc', name: 'x'.repeat(129) }, ['/name']],
    ['a name with a lone surrogate', { protocol: '2pc', name: '\ud800' }, ['/name']],
    ['a name that turns its line around', { protocol: '2pc', name: 'a\u202eb' }, ['/name']],
    ['null for a name', { protocol: '2pc', name: null }, ['/name']],
    ['a fraction of a millisecond', { protocol: '2pc', deadlineMs: 1.5 }, ['/deadlineMs']],
    ['a deadline as text', { protocol: '2pc', deadlineMs: '1000' }, ['/deadlineMs']],
    ['a deadline in a month', { protocol: '2pc', deadlineMs: 2 ** 31 }, ['/deadlineMs']],
    ['metadata that is a list', { protocol: '2pc', metadata: ['x'] }, ['/metadata']],
    ['no branch in the list', { protocol: '2pc', branches: [] }, ['/branches']],
    ['null for branches', { protocol: '2pc', branches: null }, ['/branches']],
    ['a saga without branches', { protocol: 'saga' }, ['/branches']],
    ['a saga of no branches', { protocol: 'saga', branches: [] }, ['/branches']],
    ['a branch without anything', saga({}), ['/branches/0/id', '/branches/0/participant']],
    ['an id too long', saga({ ...branch, id: 'x'.repeat(65) }), ['/branches/0/id']],
    ['an id with a NUL', saga({ ...branch, id: 'a\0' }), ['/branches/0/id']],
    ['an id with a newline after it', saga({ ...branch, id: 'a\n' }), ['/branches/0/id']],
    ['itself as a dependency', saga({ ...branch, dependsOn: ['a'] }), ['/branches/0/dependsOn']],
    [
      'an unknown dependency',
      saga({ ...branch, dependsOn: ['b', 'c'] }),
      ['/branches/0/dependsOn/0', '/branches/0/dependsOn/1'],
    ],
    [
      'a retry that waits longer first than later',
      saga({ ...branch, retry: { firstDelayMs: 2, delayMaxMs: 1 } }),
      ['/branches/0/retry/firstDelayMs'],
    ],
    [
      'a number of attempts that is none',
      saga({ ...branch, retry: { attemptsMax: 0 } }),
      ['/branches/0/retry/attemptsMax'],
    ],
  ])('with %s is told where', (_, body, expected) => {
    expect(pointers(body)).toEqual(expected);
  });

  test.each(['2pc', '3pc', 'tcc'])('gives no graph to a %s', (protocol) => {
    const branches = [{ ...branch, dependsOn: [], pivot: true }];
    expect(pointers({ protocol, branches })).toEqual([
      '/branches/0/dependsOn',
      '/branches/0/pivot',
    ]);
  });

  test('names a branch on a cycle, not one behind it', () => {
    const body = saga(
      { ...branch, id: 'behind', dependsOn: ['x'] },
      { ...branch, id: 'x', dependsOn: ['y'] },
      { ...branch, id: 'y' }, // after x, because it does not say
    );
    expect(pointers(body)).toEqual(['/branches/1/dependsOn']);
  });

  test('with too many branches hears of that alone', () => {
    const branches = Array.from({ length: 6 }, () => ({ ...branch, id: 'same' }));
    expect(faults(parseBegin({ protocol: '2pc', branches }, limits))).toEqual([
      '/branches must be at most 5 branches',
    ]);
  });

  test('with too much metadata, or a key that cannot be kept, is told so', () => {
    const entries = Array.from({ length: 33 }, (_, index) => [`key${index}`, 'x']);
    expect(pointers({ protocol: '2pc', metadata: Object.fromEntries(entries) })).toEqual([
      '/metadata',
    ]);
    const metadata: unknown = JSON.parse('{"__proto__":"x"}');
    expect(pointers({ protocol: '2pc', metadata })).toEqual(['/metadata/__proto__']);
    expect(pointers({ protocol: '2pc', metadata: { k: 'x'.repeat(257) } })).toEqual([
      '/metadata/k',
    ]);
  });

  test('counts the bytes of a payload, not its characters', () => {
    const withPayload = (payload: unknown) =>
      pointers({ protocol: '2pc', branches: [{ ...branch, payload }] });
    expect(withPayload('é'.repeat(49))).toEqual([]); // 98 bytes and two quotes
    expect(withPayload('é'.repeat(50))).toEqual(['/branches/0/payload']);
  });

  test('points into a payload that JSON cannot hand on', () => {
    const payload: unknown = JSON.parse('{"a/b":[1,1e999]}');
    expect(pointers({ protocol: '2pc', branches: [{ ...branch, payload }] })).toEqual([
      '/branches/0/payload/a~1b/1',
    ]);
  });

  test('nested without end is an error, not a stack overflow', () => {
    const payload: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    const result = parseBegin({ protocol: '2pc', branches: [{ ...branch, payload }] }, limits);
    expect(faults(result)).toEqual([
      expect.stringMatching(/^\/branches\/0\/payload(\/0){64} is nested deeper than 64$/),
    ]);
    expect(pointers(payload)).toEqual(['']);
  });

  test('gets a bounded list of errors, however much is wrong', () => {
    const body = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field${i}`, i]));
    expect(pointers(body)).toHaveLength(100);
  });

  test('never throws, whatever is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(() => parseBegin(body, limits)).not.toThrow();
      }),
    );
    const almost = fc.record(
      {
        protocol: fc.constantFrom('2pc', 'saga', 'x'),
        branches: fc.array(
          fc.record(
            {
              id: fc.constantFrom('a', 'b', '__proto__', ''),
              participant: fc.oneof(fc.constant('bank'), fc.jsonValue()),
              dependsOn: fc.oneof(fc.array(fc.constantFrom('a', 'b')), fc.jsonValue()),
              pivot: fc.oneof(fc.boolean(), fc.jsonValue()),
              retry: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(almost, (body) => {
        expect(() => parseBegin(body, limits)).not.toThrow();
      }),
    );
  });
});

describe('an enlistment', () => {
  test('is one branch, or several', () => {
    const one = parseEnlist({ ...branch, payload: 1 }, limits);
    const several = parseEnlist({ branches: [{ ...branch, payload: 1 }] }, limits);
    expect(one).toEqual(several);
    expect(one).toMatchObject({ ok: true, value: [{ id: 'a', payload: 1, dependsOn: [] }] });
  });

  test.each([
    ['one branch without a participant', { id: 'a' }, ['/participant']],
    ['one with an unknown field', { ...branch, price: 1 }, ['/price']],
    ['several without a participant', { branches: [{ id: 'a' }] }, ['/branches/0/participant']],
    ['several and a field beside them', { branches: [branch], id: 'a' }, ['/id']],
    ['no branch in the list', { branches: [] }, ['/branches']],
    ['a graph', { ...branch, dependsOn: [], pivot: true }, ['/dependsOn', '/pivot']],
    ['the same id twice', { branches: [branch, branch] }, ['/branches/1/id']],
    ['nothing', undefined, ['']],
  ])('of %s is told where it is wrong', (_, body, expected) => {
    const result = parseEnlist(body, limits);
    expect(result.ok ? [] : result.errors.map(({ pointer }) => pointer)).toEqual(expected);
  });
});
