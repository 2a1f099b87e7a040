// Bad input gets a 4xx problem document that names the field, and changes nothing.
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api, malformed, problemIn } from './api.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const bank = participants.add('bank');
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_PARTICIPANT_BANK: bank.url,
  CONCORDAT_ALLOWED_URLS: `${participants.origin}/allowed/*`,
  CONCORDAT_BRANCHES_MAX: '4',
  CONCORDAT_PAYLOAD_BYTES_MAX: '100',
  CONCORDAT_BODY_BYTES_MAX: '4096',
});
const api = new Api(coordinator.url);

const TRANSACTIONS = '/v1/transactions';
const branch = { id: 'a', participant: 'bank' };
const saga = (...branches: object[]) => ({ protocol: 'saga', branches });

async function rows(): Promise<unknown> {
  const found = await pool.query(`
    select (select count(*) from concordat.global_transaction) as unfinished,
           (select count(*) from concordat.ended_transaction) as ended,
           (select count(*) from concordat.journal) as lines,
           (select count(*) from concordat.idempotency_key) as keys`);
  return found.rows;
}

const gtid = (await api.begin({ protocol: '2pc', deadlineMs: 600_000 })).gtid;
const before = await rows();
afterAll(async () => {
  expect(await rows(), 'nothing was written').toEqual(before);
  expect(bank.calls(), 'nobody was asked').toEqual([]);
});
beforeEach(async () => expect(await rows()).toEqual(before));

describe('a begin whose body', () => {
  test.each<[string, unknown, string[]]>([
    ['is empty text', '', ['']],
    ['is no JSON', '{"protocol":', ['']],
    ['is two JSON documents', '{} {}', ['']],
    ['is JavaScript', "{protocol: '2pc'}", ['']],
    ['is null', null, ['']],
    ['is an array', [branch], ['']],
    ['is text', '"2pc"', ['']],
    ['has no protocol', {}, ['/protocol']],
    ['has a protocol of its own', { protocol: 'paxos' }, ['/protocol']],
    ['has an unknown field', { protocol: '2pc', participants: [] }, ['/participants']],
    ['has a name that is no text', { protocol: '2pc', name: 7 }, ['/name']],
    ['has an empty name', { protocol: '2pc', name: '' }, ['/name']],
    ['has a control character in its name', { protocol: '2pc', name: 'a\u0000b' }, ['/name']],
    ['has a very long name', { protocol: '2pc', name: 'x'.repeat(129) }, ['/name']],
    ['has no time', { protocol: '2pc', deadlineMs: 0 }, ['/deadlineMs']],
    ['has part of a millisecond', { protocol: '2pc', deadlineMs: 1.5 }, ['/deadlineMs']],
    ['has a deadline in text', { protocol: '2pc', deadlineMs: '30000' }, ['/deadlineMs']],
    ['has a deadline beyond all', { protocol: '2pc', deadlineMs: 1e15 }, ['/deadlineMs']],
    ['has metadata that is no text', { protocol: '2pc', metadata: { a: 1 } }, ['/metadata/a']],
    ['has a saga without branches', { protocol: 'saga' }, ['/branches']],
    ['has no branch', { protocol: 'saga', branches: [] }, ['/branches']],
    ['has a branch that is none', saga(7 as never), ['/branches/0']],
    ['has an empty branch', saga({}), ['/branches/0/id', '/branches/0/participant']],
    ['has an unknown field in a branch', saga({ ...branch, url: 'x' }), ['/branches/0/url']],
    [
      'has an unknown field in a policy',
      saga({ ...branch, retry: { n: 1 } }),
      ['/branches/0/retry/n'],
    ],
    ['has a timeout of nothing', saga({ ...branch, timeoutMs: 0 }), ['/branches/0/timeoutMs']],
  ])('%s', async (_, body, pointers) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(problemIn(await api.postText(TRANSACTIONS, text))).toEqual(malformed(...pointers));
  });

  test.each([
    ['SQL', "a'; drop table concordat.journal; --"],
    ['a NUL', 'a\u0000'],
    ['a line break', 'a\nb'],
    ['an escape sequence', '\u001b[31m'],
    ['a space', 'a b'],
    ['a letter beyond ASCII', 'é'],
    ['nothing', ''],
    ['65 characters', 'x'.repeat(65)],
  ])('has %s as a branch id', async (_, id) => {
    const answer = await api.post(TRANSACTIONS, saga({ ...branch, id }));
    expect(problemIn(answer)).toEqual(malformed('/branches/0/id'));
  });

  test('repeats a branch id', async () => {
    const answer = await api.post(TRANSACTIONS, saga(branch, { ...branch, id: 'b' }, branch));
    expect(problemIn(answer)).toEqual(malformed('/branches/2/id'));
  });

  test('has a cycle of dependencies', async () => {
    const cycle = saga(
      { ...branch, dependsOn: ['b'] },
      { ...branch, id: 'b', dependsOn: ['c'] },
      { ...branch, id: 'c', dependsOn: ['a'] },
    );
    expect(problemIn(await api.post(TRANSACTIONS, cycle))).toEqual(
      malformed('/branches/0/dependsOn'),
    );
  });

  test('depends on itself, or on nobody', async () => {
    const itself = await api.post(TRANSACTIONS, saga({ ...branch, dependsOn: ['a'] }));
    expect(problemIn(itself)).toEqual(malformed('/branches/0/dependsOn'));
    const nobody = await api.post(TRANSACTIONS, saga({ ...branch, dependsOn: ['z'] }));
    expect(problemIn(nobody)).toEqual(malformed('/branches/0/dependsOn/0'));
  });

  test('has two pivots', async () => {
    const pivots = saga({ ...branch, pivot: true }, { ...branch, id: 'b', pivot: true });
    expect(problemIn(await api.post(TRANSACTIONS, pivots))).toEqual(malformed('/branches/1/pivot'));
  });

  test.each(['2pc', '3pc', 'tcc'])('has what only a saga has: %s', async (protocol) => {
    const branches = [{ ...branch, dependsOn: [], pivot: true }];
    const answer = await api.post(TRANSACTIONS, { protocol, branches });
    expect(problemIn(answer)).toEqual(malformed('/branches/0/dependsOn', '/branches/0/pivot'));
  });

  test('names a participant that nobody has registered', async () => {
    const answer = await api.post(TRANSACTIONS, saga(branch, { id: 'b', participant: 'nobody' }));
    expect(problemIn(answer)).toEqual(malformed('/branches/1/participant'));
  });

  test.each([
    ['http://127.0.0.1:9/allowed/x'],
    [`${participants.origin}/other`],
    [`${participants.origin}/allowed/../other`],
    [`${participants.origin}/allowed/%2e%2e/other`],
    [`${participants.origin}@example.com/allowed/x`],
    ['http://169.254.169.254/latest/meta-data'],
    ['file:///etc/passwd'],
    ['not a url'],
  ])('has a URL outside the allow-list: %s', async (url) => {
    const answer = await api.post(TRANSACTIONS, saga({ ...branch, participant: { url } }));
    expect(problemIn(answer)).toEqual(malformed('/branches/0/participant/url'));
  });

  test('has too many branches', async () => {
    const branches = Array.from({ length: 5 }, (_, index) => ({ ...branch, id: `b${index}` }));
    const answer = await api.post(TRANSACTIONS, saga(...branches));
    expect(problemIn(answer)).toEqual(malformed('/branches'));
    expect(answer.text).toContain('4');
  });

  test('has an oversized payload, in bytes', async () => {
    const payload = 'é'.repeat(60); // 60 characters, 122 bytes of JSON
    const answer = await api.post(TRANSACTIONS, saga({ ...branch, payload }));
    expect(problemIn(answer)).toEqual(malformed('/branches/0/payload'));
    expect(answer.text).toContain('100 bytes');
  });

  test('has a payload that is nested without end, or a number without one', async () => {
    const deep = `{"protocol":"saga","branches":[{"id":"a","participant":"bank","payload":${'['.repeat(1_000)}${']'.repeat(1_000)}}]}`;
    expect(problemIn(await api.postText(TRANSACTIONS, deep))).toMatchObject({ status: 400 });
    const huge = '{"protocol":"saga","branches":[{"id":"a","participant":"bank","payload":1e999}]}';
    expect(problemIn(await api.postText(TRANSACTIONS, huge))).toEqual(
      malformed('/branches/0/payload'),
    );
  });

  test('is wrong in many places names all of them', async () => {
    const answer = await api.post(
      TRANSACTIONS,
      { protocol: '2pc', deadlineMs: -1, x: 1, branches: [{ id: '' }] },
      { 'idempotency-key': 'x'.repeat(300) },
    );
    const { pointers } = problemIn(answer);
    expect(pointers?.toSorted()).toEqual(
      [
        '/Idempotency-Key',
        '/branches/0/id',
        '/branches/0/participant',
        '/deadlineMs',
        '/x',
      ].toSorted(),
    );
  });

  test('is larger than is read is 413, and names the limit', async () => {
    const answer = await api.postText(TRANSACTIONS, ' '.repeat(4_097));
    expect(problemIn(answer)).toEqual({ status: 413, kind: 'body-too-large' });
    expect(answer.text).toContain('4096 bytes');
  });

  test('is not UTF-8', async () => {
    const latin1 = Uint8Array.from(Buffer.from('{"protocol":"2pc","name":"é"}', 'latin1'));
    expect(problemIn(await api.postText(TRANSACTIONS, latin1))).toEqual(malformed(''));
  });

  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['application/xml'],
    ['nonsense'],
  ])('is sent as %s is 415', async (type) => {
    const headers = { 'content-type': type };
    const answer = await api.postText(TRANSACTIONS, '{"protocol":"2pc"}', headers);
    expect(problemIn(answer)).toEqual({ status: 415, kind: 'unsupported-media-type' });
  });

  test('is missing', async () => {
    expect(problemIn(await api.post(TRANSACTIONS))).toEqual(malformed(''));
  });
});

describe('an enlistment whose body', () => {
  const path = `${TRANSACTIONS}/${gtid}/branches`;
  test.each<[string, unknown, string[]]>([
    ['is empty', {}, ['/id', '/participant']],
    ['has an unknown field', { ...branch, x: 1 }, ['/x']],
    ['names nobody', { ...branch, participant: 'nobody' }, ['/participant']],
    [
      'names a URL that is not allowed',
      { ...branch, participant: { url: 'http://x/' } },
      ['/participant/url'],
    ],
    ['has no branch', { branches: [] }, ['/branches']],
    ['has the same id twice', { branches: [branch, branch] }, ['/branches/1/id']],
    [
      'names nobody, second',
      { branches: [branch, { id: 'b', participant: 'z' }] },
      ['/branches/1/participant'],
    ],
    ['has a payload too large', { ...branch, payload: 'x'.repeat(100) }, ['/payload']],
    ['has a dependency', { ...branch, dependsOn: ['b'] }, ['/dependsOn']],
  ])('%s', async (_, body, pointers) => {
    expect(problemIn(await api.post(path, body))).toEqual(malformed(...pointers));
  });
});

describe('an id in the path', () => {
  const routes = [
    ['GET', ''],
    ['GET', '/decision'],
    ['GET', '/journal'],
    ['POST', '/commit'],
    ['POST', '/rollback'],
  ] as const;
  const ids = ["a'%20or%201=1;--", 'a%00b', 'a%0d%0ab', '%F0%9F%98%80', 'x'.repeat(65), 'a%2Fb'];

  test.each(routes.flatMap(([method, rest]) => ids.map((id) => [method, id, rest] as const)))(
    '%s /v1/transactions/%s%s is 400',
    async (method, id, rest) => {
      const answer = await api.request(`${TRANSACTIONS}/${id}${rest}`, { method });
      expect(problemIn(answer)).toEqual(malformed('/gtid'));
    },
  );

  test.each(routes.slice(0, 1).concat(routes.slice(2)))(
    'that was never heard of is 404: %s …%s',
    async (method, rest) => {
      for (const id of [newGtid(), 'never-heard-of']) {
        const answer = await api.request(`${TRANSACTIONS}/${id}${rest}`, { method });
        expect(problemIn(answer)).toEqual({ status: 404, kind: 'unknown-transaction' });
      }
    },
  );

  test('that cannot be decoded is 400, that is without end 414', async () => {
    expect(problemIn(await api.get(`${TRANSACTIONS}/%ff`))).toMatchObject({ status: 400 });
    const endless = await api.get(`${TRANSACTIONS}/${'x'.repeat(1_000)}`);
    expect(problemIn(endless)).toEqual({ status: 414, kind: 'url-too-long' });
  });
});

describe('a list', () => {
  test.each([
    ['limit=0', '/limit'],
    ['limit=201', '/limit'],
    ['limit=ten', '/limit'],
    ['limit=5&limit=6', '/limit'],
    ['protocol=4pc', '/protocol'],
    ['phase=over', '/phase'],
    ['outcome=failed', '/outcome'],
    ['stuck=maybe', '/stuck'],
    ['begunAfter=yesterday', '/begunAfter'],
    ['begunBefore=2026-02-30T00:00:00Z', '/begunBefore'],
    ['name=%00', '/name'],
    ['participant=%0a', '/participant'],
    ['cursor=%27', '/cursor'],
    ['cursor=abc', '/cursor'],
    ['page=2', '/page'],
    ['__proto__=1', '/__proto__'],
  ])('with %s is 400, and names the parameter', async (query, pointer) => {
    expect(problemIn(await api.get(`${TRANSACTIONS}?${query}`))).toEqual(malformed(pointer));
  });
});

test.each([
  ['GET', '/v1'],
  ['GET', '/v1/transactions/'],
  ['POST', '/v1/transactions/x/forget'],
  ['GET', '/favicon.ico'],
])('%s %s leads nowhere: 404', async (method, path) => {
  expect(problemIn(await api.request(path, { method }))).toEqual({
    status: 404,
    kind: 'no-such-route',
  });
});

test.each([
  ['PUT', '/v1/transactions', 'GET, HEAD, POST'],
  ['DELETE', '/v1/transactions/x', 'GET, HEAD'],
  ['GET', '/v1/transactions/x/commit', 'POST'],
  ['POST', '/health/live', 'GET, HEAD'],
])('%s %s is 405, and says what is allowed', async (method, path, allow) => {
  const answer = await api.request(path, { method });
  expect(problemIn(answer)).toEqual({ status: 405, kind: 'method-not-allowed' });
  expect(answer.headers.get('allow')).toBe(allow);
});
