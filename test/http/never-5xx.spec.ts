// Whatever is thrown at the API, the answer is never a 5xx: it is an answer, or a problem document
// that says what is wrong. The requests are random, and those that almost make sense most of all.
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import type { ApiAnswer } from './api.js';
import { Api, problemIn } from './api.js';

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_PARTICIPANT_BANK: participants.add('bank').url,
  CONCORDAT_PAYLOAD_BYTES_MAX: '2000',
});
const api = new Api(coordinator.url);
const known = (await api.begin({ protocol: '2pc', deadlineMs: 600_000 })).gtid;

afterAll(() => {
  const worst = coordinator.log.filter(({ level }) => level === 'error' || level === 'fatal');
  expect(worst).toEqual([]);
});

const RUNS = { numRuns: 400 };

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\u0000', '\ud800', '__proto__', 'constructor', "';--", '../..', '%00'),
);
const deep = fc.integer({ min: 55, max: 70 }).map((depth): unknown => {
  let value: unknown = [];
  for (let level = 1; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
});
const anyJson = fc.oneof(fc.jsonValue({ maxDepth: 4 }), anyText, fc.double(), deep);

/** A well-formed request, of which some part is then replaced. */
const almostBegin = fc
  .record(
    {
      protocol: fc.constantFrom('2pc', '3pc', 'tcc', 'saga'),
      name: fc.constant('n'),
      deadlineMs: fc.constant(200),
      metadata: fc.constant({ a: 'b' }),
      branches: fc.array(
        fc.record(
          {
            id: fc.constantFrom('a', 'b', 'c'),
            participant: fc.oneof(fc.constant('bank'), fc.constant({ url: 'http://127.0.0.1:1' })),
            payload: fc.jsonValue(),
            dependsOn: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
            pivot: fc.boolean(),
            timeoutMs: fc.constant(50),
            retry: fc.constant({ attemptsMax: 1 }),
          },
          { requiredKeys: ['id', 'participant', 'retry'] },
        ),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ['protocol'] },
  )
  .chain(mutated);

const almostBranch = fc
  .record({ id: fc.string({ minLength: 1 }), participant: fc.constant('bank'), payload: anyJson })
  .chain(mutated);

/** `value`, or with any JSON for one of its parts, or with a field that it should not have. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  const paths = pathsIn(value);
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(value) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...paths), anyJson)
        .map(([path, part]) => withPart(value, path, part)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(anyText, anyJson).map(([key, part]) => withPart(value, [key], part)),
    },
  );
}

type Path = readonly string[];

function pathsIn(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, part]) => pathsIn(part, [...at, key]))];
}

function withPart(value: unknown, [key, ...rest]: Path, part: unknown): unknown {
  if (key === undefined) return part;
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) };
  const inner: unknown = Reflect.get(copy as object, key);
  Object.defineProperty(copy, key, {
    value: withPart(inner, rest, part),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}

/** Whatever fits into the value of a header. */
const headerText = fc
  .string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
  .filter((text) => !text.includes('\u007f'));

const anyHeaders = fc.record(
  {
    'idempotency-key': fc.oneof(headerText, fc.constantFrom('k1', 'k2', 'x'.repeat(256))),
    prefer: fc.constantFrom('respond-async', 'wait=0', 'respond-async;', 'wait=0, =, ;'),
    traceparent: headerText,
    accept: headerText,
    'x-anything': headerText,
  },
  { requiredKeys: ['prefer'] },
);

const anyId = fc.oneof(
  fc.constant(known),
  fc.uuid(),
  fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/),
  anyText.map((text) => encodeURIComponent(text.toWellFormed())),
);

function isFine(answer: ApiAnswer): void {
  expect(answer.status).toBeLessThan(500);
  if (answer.status >= 400) problemIn(answer);
}

describe('never a 5xx', () => {
  test('for any JSON, nor for what is almost a begin', async () => {
    const request = fc.tuple(fc.oneof(anyJson, almostBegin, almostBegin), anyHeaders);
    await fc.assert(
      fc.asyncProperty(request, async ([body, headers]) =>
        isFine(await api.post('/v1/transactions', body ?? null, headers)),
      ),
      { numRuns: 1_000 },
    );
  });

  test('for any text or bytes as a body', async () => {
    const body = fc.oneof(
      anyText.map((text) => Uint8Array.from(Buffer.from(text))),
      fc.uint8Array({ maxLength: 200 }),
      almostBegin.map((json) =>
        Uint8Array.from(Buffer.from(JSON.stringify(json) ?? '').subarray(1)),
      ),
    );
    await fc.assert(
      fc.asyncProperty(body, anyHeaders, async (bytes, headers) =>
        isFine(await api.postText('/v1/transactions', Uint8Array.from(bytes), headers)),
      ),
      RUNS,
    );
  });

  test('for any branch that enlists, anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(anyId, fc.oneof(anyJson, almostBranch), async (id, body) =>
        isFine(await api.post(`/v1/transactions/${id}/branches`, body ?? null)),
      ),
      RUNS,
    );
  });

  test('for any wish about any id, with any body', async () => {
    const wish = fc.constantFrom('commit', 'rollback');
    const id = anyId.filter((text) => text !== known);
    await fc.assert(
      fc.asyncProperty(
        id,
        wish,
        fc.option(anyJson),
        anyHeaders,
        async (gtid, what, body, headers) =>
          isFine(await api.post(`/v1/transactions/${gtid}/${what}`, body ?? undefined, headers)),
      ),
      RUNS,
    );
  });

  test('for any question about any id', async () => {
    const what = fc.constantFrom('', '/decision', '/journal', '/', '/../..', '/branches');
    await fc.assert(
      fc.asyncProperty(anyId, what, anyHeaders, async (id, rest, headers) =>
        isFine(await api.get(`/v1/transactions/${id}${rest}`, headers)),
      ),
      RUNS,
    );
  });

  test('for any query of the list', async () => {
    const names = ['protocol', 'phase', 'outcome', 'name', 'participant', 'stuck'];
    const name = fc.oneof(
      fc.constantFrom(...names, 'begunAfter', 'begunBefore', 'limit', 'cursor'),
      anyText,
      anyText.map((key) => `metadata.${key}`),
    );
    const value = fc.oneof(
      anyText,
      fc.constantFrom('2pc', 'ended', 'true', '1', '-1', 'AAAAAAAAAAAAAAAAAAAAAA'),
      fc.date({ noInvalidDate: false }).map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 4 }), async (pairs) => {
        const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
        const query = pairs.map(([n, v]) => `${encode(n)}=${encode(v)}`).join('&');
        isFine(await api.get(`/v1/transactions?${query}`));
      }),
      RUNS,
    );
  });

  test('for any method at any path', async () => {
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');
    const path = fc.oneof(
      fc.constantFrom('/', '/v1', '/v1/transactions', '/health/ready', '/metrics', '/docs/x'),
      fc.webPath(),
    );
    await fc.assert(
      fc.asyncProperty(method, path, async (what, where) => {
        const { status } = await api.request(where, { method: what });
        expect(status).toBeLessThan(500);
      }),
      RUNS,
    );
  });
});

test('what is not HTTP is answered with a problem or cut off, and harms nobody', async () => {
  const { hostname, port } = new URL(coordinator.url);
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    anyText.map((text) => Buffer.from(`POST /v1/transactions HTTP/1.1\r\n${text}\r\n\r\n`)),
    fc.constant(Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const socket = connect(Number(port), hostname);
      let answer = '';
      socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
      socket.on('error', () => undefined);
      socket.end(sent);
      await once(socket, 'close');
      expect(answer).toMatch(/^$|^HTTP\/1\.1 4\d\d [^\r]*\r\n/);
    }),
    { numRuns: 150 },
  );
  expect(await api.get('/health/live')).toHaveProperty('status', 200);
});
