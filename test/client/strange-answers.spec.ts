// The client in front of something that is no coordinator, or one that is in trouble: an HTTP
// server that answers as the test says, the last answer again and again.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { concordatClient, ConcordatProblem, UnreadableAnswer } from '@concordat/client';
import type { RetryPolicy } from '@concordat/client';
import { afterAll, describe, expect, test } from 'vitest';
import { newGtid } from '../support/gtids.js';
import { allOf } from './coordinating.js';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const gtid = newGtid();
const view = {
  gtid,
  protocol: '2pc',
  name: null,
  phase: 'active',
  decision: 'undecided',
  stuck: false,
  begunAt: '2026-11-20T12:00:00.000Z',
  deadlineAt: '2026-11-20T12:00:30.000Z',
  metadata: {},
  branches: [],
};
const begun: Answer = { status: 201, body: view };
const problem = (status: number, kind: string): Answer => ({
  status,
  body: { type: `urn:concordat:problem:${kind}`, title: 'No', status, detail: 'Not now.' },
});

const retry = { attemptsMax: 3, firstDelayMs: 1, delayMaxMs: 2 };

async function answering(script: readonly Answer[], policy: Partial<RetryPolicy> = retry) {
  const requests: { method: string | undefined; url: string; headers: object }[] = [];
  const server = createServer((request, response) => {
    const { status, body, headers } = script[requests.length] ?? script.at(-1) ?? begun;
    requests.push({ method: request.method, url: request.url ?? '', headers: request.headers });
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, concordat: concordatClient({ url, retry: policy }) };
}

describe('who answers nonsense is told from a coordinator', () => {
  test.each([
    ['a page', { status: 200, body: '<html>Welcome!</html>' }, 'Welcome!'],
    ['nothing', { status: 204 }, 'nothing'],
    ['a redirection', { status: 302, headers: { location: '/login' } }, '302'],
    ['an error that is no problem', { status: 404, body: { error: 'gone' } }, 'gone'],
    ['a problem of another status', { ...problem(400, 'malformed-request'), status: 401 }, '401'],
    ['JSON of another kind', { status: 201, body: { id: 1 } }, 'gtid'],
    ['a word that is none', { status: 201, body: { ...view, phase: 'done' } }, 'phase'],
    [
      'an end without an outcome',
      { status: 201, body: { ...view, phase: 'ended' } },
      'contradicts',
    ],
    [
      'an outcome before the end',
      { status: 201, body: { ...view, outcome: 'committed' } },
      'contra',
    ],
  ])('%s', async (_, answer, said) => {
    const { concordat, requests } = await answering([answer]);
    const error = await concordat.begin({ protocol: '2pc' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnreadableAnswer);
    const { message, status, idempotencyKey } = error as UnreadableAnswer;
    expect(message).toContain(said);
    expect(message).toContain('not known whether the transaction began');
    expect(idempotencyKey).toBeTypeOf('string');
    expect(status).toBe(answer.status);
    expect(requests).toHaveLength(1);
  });

  test('a page of a list, a journal and a decision likewise', async () => {
    const { concordat } = await answering([{ status: 200, body: { items: [{}], cursor: null } }]);
    await expect(allOf(concordat.list())).rejects.toThrow(UnreadableAnswer);
    await expect(concordat.journal(gtid)).rejects.toThrow(UnreadableAnswer);
    await expect(concordat.decision(gtid)).rejects.toThrow(/decision/);
  });

  test('but a field that it does not know yet is no nonsense', async () => {
    const branches = [
      { id: 'a', participant: 'bank', state: 'enlisted', attempts: 0, mood: 'sunny' },
    ];
    const { concordat } = await answering([{ status: 201, body: { ...view, branches, age: 1 } }]);
    const transaction = await concordat.begin({ protocol: '2pc' });
    expect(transaction).toMatchObject({ gtid, branches });
  });
});

describe('a request is sent again', () => {
  test.each([
    ['429', { status: 429 }],
    ['500', problem(500, 'internal')],
    ['502', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['503', problem(503, 'overloaded')],
    ['504', { status: 504 }],
  ])('after a %s, with the same key', async (_, answer) => {
    const { concordat, requests } = await answering([answer, answer, begun]);
    expect((await concordat.begin({ protocol: '2pc' })).gtid).toBe(gtid);
    const keys = requests.map(
      ({ headers }) => (headers as Record<string, string>)['idempotency-key'],
    );
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  test('no sooner than Retry-After says', async () => {
    const busy = { ...problem(503, 'stopping'), headers: { 'retry-after': '1' } };
    const { concordat, requests } = await answering([busy, begun]);
    const early = concordat.begin({ protocol: '2pc' }, { signal: AbortSignal.timeout(500) });
    await expect(early).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(requests).toHaveLength(1);
  });

  test('as often as it may, and then it is said what the last answer was', async () => {
    const { concordat, requests } = await answering([problem(503, 'journal-unavailable')]);
    const asked = concordat.begin({ protocol: '2pc' });
    await expect(asked).rejects.toMatchObject({
      name: 'CoordinatorUnreachable',
      attempts: 3,
      mayHaveHappened: true,
      cause: { name: 'ConcordatProblem', kind: 'journal-unavailable' },
    });
    expect(requests).toHaveLength(3);
  });

  test.each([
    ['overloaded', 503],
    ['stopping', 503],
    ['not-ready', 503],
  ])('in vain, but nothing was begun if all that was said is %s', async (kind, status) => {
    const { concordat } = await answering([problem(status, kind)]);
    const asked = concordat.begin({ protocol: '2pc' });
    await expect(asked).rejects.toMatchObject({ mayHaveHappened: false });
    await expect(asked).rejects.toThrow(/Nothing was begun/);
  });

  test('but not for any other answer', async () => {
    for (const status of [400, 401, 403, 404, 408, 409, 410, 413, 422]) {
      const { concordat, requests } = await answering([problem(status, 'some-kind')]);
      const asked = concordat.begin({ protocol: '2pc' });
      await expect(asked).rejects.toThrow(ConcordatProblem);
      await expect(asked).rejects.toMatchObject({ status, kind: 'some-kind' });
      expect(requests).toHaveLength(1);
    }
  });

  test('once, if that is the policy', async () => {
    const { concordat, requests } = await answering([{ status: 503 }], { attemptsMax: 1 });
    await expect(concordat.get(gtid)).rejects.toThrow(/asked once in vain \(HTTP 503\)$/);
    expect(requests).toHaveLength(1);
  });
});

describe('where a coordinator is', () => {
  test('a path of a gateway stays before the path of the API, and the key goes with each request', async () => {
    const { url, requests } = await answering([begun]);
    const concordat = concordatClient({ url: `${url}/concordat`, apiKey: 's3cret' });
    await concordat.begin({ protocol: '2pc' });
    await concordat.get('a/b');
    expect(requests).toMatchObject([
      { method: 'POST', url: '/concordat/v1/transactions' },
      { method: 'GET', url: '/concordat/v1/transactions/a%2Fb' },
    ]);
    expect(requests.map(({ headers }) => headers)).toMatchObject([
      { authorization: 'Bearer s3cret' },
      { authorization: 'Bearer s3cret' },
    ]);
  });

  test.each([
    { url: 'nowhere' },
    { url: 'ftp://127.0.0.1' },
    { url: 'http://user:password@127.0.0.1' },
    { url: 'http://127.0.0.1/?a=b' },
    { url: 'http://127.0.0.1', apiKey: 'two\nlines' },
    { url: 'http://127.0.0.1', apiKey: '' },
  ])('$url is refused before anything is sent, if it cannot be meant', (options) => {
    expect(() => concordatClient(options)).toThrow(TypeError);
  });
});
