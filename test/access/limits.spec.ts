// What is bounded, and what is not believed: sizes, rates, addresses, prototypes, framing.
import { describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../http/api.js';
import { Api, malformed, problemIn } from '../http/api.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { makeKey } from './callers.js';
import { rawRequest, statusesIn } from './raw-request.js';

const BODY_BYTES_MAX = 4_096;
const AUTHORIZATION = `Authorization: Bearer ${TEST_API_KEY}`;

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const bank = participants.add('bank');
const environment = {
  DATABASE_URL: databaseUrl,
  CONCORDAT_PARTICIPANT_BANK: bank.url,
  CONCORDAT_BODY_BYTES_MAX: String(BODY_BYTES_MAX),
  CONCORDAT_BRANCHES_MAX: '3',
  CONCORDAT_PAYLOAD_BYTES_MAX: '1000',
};
const coordinator = await startCoordinator(environment);
const api = new Api(coordinator.url);
const LIST = '/v1/transactions';
const branch = { id: 'a', participant: 'bank' };

describe('[37] what is larger than it may be', () => {
  test('a body is refused by its length alone, before any of it has come', async () => {
    const head = (length: number, credential: string): string =>
      `POST ${LIST} HTTP/1.1\r\nHost: x\r\n${credential}Content-Type: application/json\r\n` +
      `Content-Length: ${length}\r\n\r\n`;
    const heard = await rawRequest(coordinator.url, head(10_000_000, `${AUTHORIZATION}\r\n`));
    expect(statusesIn(heard)).toEqual([413]);
    const stranger = await rawRequest(coordinator.url, head(10_000_000, ''));
    expect(statusesIn(stranger)).toEqual([401]);
  });

  test('a body without a length is read as far as it may be, and no further', async () => {
    const chunk = `1000\r\n${'x'.repeat(4_096)}\r\n`;
    const request =
      `POST ${LIST} HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Type: application/json\r\n` +
      `Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`;
    expect(statusesIn(await rawRequest(coordinator.url, request))).toEqual([413]);
  });

  test.each<[string, object, string]>([
    [
      'too many branches',
      { branches: [1, 2, 3, 4].map((n) => ({ ...branch, id: `b${n}` })) },
      '/branches',
    ],
    ['a payload', { branches: [{ ...branch, payload: 'x'.repeat(1_000) }] }, '/branches/0/payload'],
    ['a deadline', { branches: [branch], deadlineMs: 604_800_001 }, '/deadlineMs'],
    ['a time limit', { branches: [{ ...branch, timeoutMs: 1e12 }] }, '/branches/0/timeoutMs'],
    ['a name', { branches: [branch], name: 'x'.repeat(200) }, '/name'],
  ])('%s is 400, and is named', async (_what, extra, pointer) => {
    const answer = await api.post(LIST, { protocol: 'saga', ...extra });
    expect(problemIn(answer)).toEqual(malformed(pointer));
  });

  test('JSON that is nested without end is answered, and the process lives', async () => {
    const deep = `{"protocol":"saga","branches":[{"id":"a","participant":"bank","payload":${'['.repeat(1_500)}${']'.repeat(1_500)}}]}`;
    expect((await api.postText(LIST, deep)).status).toBeLessThan(500);
    expect(await api.get('/health/ready')).toMatchObject({ status: 200 });
  });

  test('a page, a header, a part of the path', async () => {
    expect(problemIn(await api.get(`${LIST}?limit=201`))).toEqual(malformed('/limit'));
    const endless = await api.get(`${LIST}/${'x'.repeat(1_000)}`);
    expect(problemIn(endless)).toEqual({ status: 414, kind: 'url-too-long' });
    const headers = `GET ${LIST} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(statusesIn(await rawRequest(coordinator.url, headers))).toEqual([431]);
  });
});

describe('[38] a principal that asks too often', () => {
  test('is told when to ask again; others are not, nor is whoever looks after the process', async () => {
    const limited = await startCoordinator({
      ...environment,
      CONCORDAT_REQUESTS_PER_SECOND_MAX: '5',
    });
    const admin = new Api(limited.url);
    const grants = [{ tenant: 'acme', roles: ['client' as const] }];
    const busy = admin.as((await makeKey(admin, grants)).key);
    const calm = admin.as((await makeKey(admin, grants)).key);
    const answers: ApiAnswer[] = [];
    const refused: ApiAnswer[] = [];
    for (let n = 0; n < 20 && refused.length < 5; n += 1) {
      const burst = await Promise.all(Array.from({ length: 40 }, () => busy.get(LIST)));
      answers.push(...burst);
      refused.push(...burst.filter(({ status }) => status === 429));
    }
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    for (const answer of refused) {
      expect(problemIn(answer).kind).toBe('too-many-requests');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect(await calm.get(LIST)).toMatchObject({ status: 200 });
    const checks = Array.from({ length: 20 }, () => busy.get('/health/ready'));
    expect(new Set((await Promise.all(checks)).map(({ status }) => status))).toEqual(
      new Set([200]),
    );
    // What was refused was not done.
    const statuses: number[] = [];
    const created = (): number => statuses.filter((status) => status === 201).length;
    for (let n = 0; n < 100 && new Set(statuses).size < 2 && created() <= 160; n += 1) {
      const begun = Array.from({ length: 40 }, () =>
        busy.post(LIST, { protocol: '2pc', name: 'burst', deadlineMs: 600_000 }),
      );
      statuses.push(...(await Promise.all(begun)).map(({ status }) => status));
    }
    expect(new Set(statuses)).toEqual(new Set([201, 429]));
    const listed = await admin.get(`${LIST}?name=burst&limit=200`);
    expect((listed.body as { items: unknown[] }).items).toHaveLength(created());
  });

  test('all together may have so many transactions under way, by each instance', async () => {
    const small = await startCoordinator({ ...environment, CONCORDAT_IN_FLIGHT_MAX: '2' });
    bank.answers('execute', 'silence', 'silence', 'silence');
    const crowded = new Api(small.url);
    const begin = () =>
      crowded.post(LIST, { protocol: 'saga', branches: [branch] }, { prefer: 'respond-async' });
    const statuses = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await begin()).status);
    expect(statuses).toContain(201);
    expect(statuses.at(-1)).toBe(503);
    expect((await begin()).headers.get('retry-after')).not.toBeNull();
  });
});

describe('[39] X-Forwarded-For', () => {
  const addressesOf = async (trusted: string, forwarded: string): Promise<readonly unknown[]> => {
    const behind = await startCoordinator({ ...environment, CONCORDAT_TRUSTED_PROXIES: trusted });
    await new Api(behind.url, null).get(LIST, { 'x-forwarded-for': forwarded });
    const refused = await eventually('it is in the log', () => {
      const lines = behind.log.filter(({ msg }) => msg === 'a request was refused');
      return lines.length > 0 && lines;
    });
    return refused.map(({ address }) => address);
  };

  test.each([
    ['is not believed by default', '', '203.0.113.9', '127.0.0.1'],
    ['is not believed of another proxy', '10.0.0.0/8', '203.0.113.9', '127.0.0.1'],
    ['is believed of a trusted proxy', '127.0.0.0/8', '203.0.113.9', '203.0.113.9'],
    [
      'is believed no further than it is trusted',
      '127.0.0.1',
      '1.1.1.1, 203.0.113.9',
      '203.0.113.9',
    ],
    [
      'goes through the proxies that are trusted',
      '127.0.0.1, 10.0.0.0/8',
      '203.0.113.9, 10.1.2.3',
      '203.0.113.9',
    ],
    ['is no address if it is none', '127.0.0.1', 'unknown, <b>nobody</b>', '127.0.0.1'],
  ])('%s', async (_what, trusted, forwarded, expected) => {
    expect(await addressesOf(trusted, forwarded)).toEqual([expected]);
  });

  test('nor the scheme and the host: no page of another is ours for that', async () => {
    const body = '{"key":"x"}';
    const answer = await api.as(null).postText('/v1/session', body, {
      origin: 'https://evil.example.com',
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'https',
    });
    expect(problemIn(answer)).toEqual({ status: 403, kind: 'cross-site' });
  });
});

describe('[40] a prototype', () => {
  const polluting = [
    '{"protocol":"2pc","__proto__":{"tenant":"rival"}}',
    '{"protocol":"2pc","constructor":{"prototype":{"tenant":"rival"}}}',
    '{"protocol":"2pc","metadata":{"__proto__":"x"}}',
    '{"protocol":"2pc","metadata":{"constructor":{"prototype":{"polluted":"x"}}}}',
  ];

  test.each(polluting)('is not changed by %s', async (text) => {
    const before = (await api.post(LIST, { protocol: '2pc' })).body as object;
    const answer = await api.postText(LIST, text);
    expect([201, 400]).toContain(answer.status);
    if (answer.status === 201) expect(answer.text).not.toContain('polluted');
    const after = (await api.post(LIST, { protocol: '2pc' })).body as object;
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(await api.get(LIST)).toMatchObject({ status: 200 });
  });

  test('in a payload is data: the participant gets what was sent', async () => {
    const text =
      '{"protocol":"saga","branches":[{"id":"a","participant":"bank",' +
      '"payload":{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}}]}';
    bank.answers('execute', { status: 200 });
    const answer = await api.postText(LIST, text);
    expect(answer.status).toBe(201);
    const call = bank.calls('execute').find(({ body }) => JSON.stringify(body).includes('admin'));
    expect(JSON.stringify(call?.body)).toContain('"__proto__":{"admin":true}');
    expect(await api.get('/v1/session')).toMatchObject({ status: 200 });
  });

  test('in a query, a key and a sign-in is a field that is not known', async () => {
    expect(problemIn(await api.get(`${LIST}?__proto__=x`))).toEqual(malformed('/__proto__'));
    const login = await api.postText('/v1/session', '{"key":"x","__proto__":{"roles":["admin"]}}');
    expect(login.status).toBeGreaterThanOrEqual(400);
    const key =
      '{"name":"x","reason":"r","grants":[{"tenant":"a","roles":["reader"],"__proto__":{"tenant":"*"}}]}';
    const made = await api.postText('/v1/access/keys', key);
    if (made.status === 201) {
      expect(made.body).toMatchObject({ grants: [{ tenant: 'a', roles: ['reader'] }] });
    } else expect(made.status).toBe(400);
  });
});

describe('[43] a request that could be read in two ways', () => {
  const smuggled = `GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n`;
  const post = (headers: string): string =>
    `POST ${LIST} HTTP/1.1\r\nHost: x\r\n${AUTHORIZATION}\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`;

  test.each([
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 44') + `{}${smuggled}`],
    [
      'a length and chunks',
      post('Content-Length: 44\r\nTransfer-Encoding: chunked') + `0\r\n\r\n${smuggled}`,
    ],
    [
      'chunks and a length',
      post('Transfer-Encoding: chunked\r\nContent-Length: 5') + `0\r\n\r\n${smuggled}`,
    ],
    [
      'two encodings',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity') + `0\r\n\r\n${smuggled}`,
    ],
    ['an encoding in disguise', post('Transfer-Encoding: xchunked') + `0\r\n\r\n${smuggled}`],
    ['an encoding with a tab', post('Transfer-Encoding:\tchunked, x') + `0\r\n\r\n${smuggled}`],
    ['a space before the colon', post('Content-Length : 2') + `{}${smuggled}`],
    ['a folded header', post('X: a\r\n Content-Length: 2') + `{}${smuggled}`],
    ['a length with a sign', post('Content-Length: +2') + `{}${smuggled}`],
    ['a bare line feed', post('').replaceAll('\r\n', '\n') + smuggled],
  ])('%s is refused, and nothing behind it is answered', async (_what, request) => {
    const heard = await rawRequest(coordinator.url, request);
    expect(statusesIn(heard)).toEqual([400]);
    expect(heard).not.toContain('{"status":"live"}');
  });

  test('one that can be read in one way is answered, and so is the one behind it', async () => {
    const two = post('Content-Length: 2') + `{}${smuggled}`;
    expect(statusesIn(await rawRequest(coordinator.url, two))).toEqual([400, 200]);
  });

  test('a path with dots is a path, and leads nowhere without a credential', async () => {
    for (const path of [
      '/health/live/../../v1/transactions',
      '/ui/../v1/transactions',
      '/ui/..%2fv1/transactions',
      '/health/live%00/v1',
      '/health/live;/v1/transactions',
      '/v1/session/../transactions',
    ]) {
      const heard = await rawRequest(
        coordinator.url,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect([path, ...statusesIn(heard)]).toEqual([path, expect.toBeOneOf([400, 401, 404])]);
      expect(heard).not.toContain('"items"');
    }
  });
});
