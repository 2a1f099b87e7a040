// What a participant says over HTTP to what is no call at all: never anything like a vote.
import { nodeHandler } from '@concordat/participant-sdk';
import { asBranchId, asGtid, encodeCallHeading } from '@concordat/wire';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { branchAt, latch, reply, serve } from './calling.js';
import { serviceDatabase } from './databases.js';
import { createEffects, effectsOf, scripted } from './scripted.js';

const { pool } = await serviceDatabase();
await createEffects(pool);
const service = scripted(pool);
const prefixed = nodeHandler(service.participant, { prefix: '/work' });
const url = await serve((request, response) => {
  prefixed(request, response, () => response.end('somebody else'));
});
const alone = await serve(nodeHandler(service.participant, { prefix: '/work' }));

const headers: Readonly<Record<string, string>> = {
  'Content-Type': 'application/json',
  ...encodeCallHeading({
    from: 'coordinator',
    gtid: asGtid('malformed'),
    branch: asBranchId('branch'),
    operation: 'execute',
    protocol: 'saga',
    token: 1,
    retriable: false,
    traceparent: null,
  }),
};

interface Request {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function send({ path = '/work/execute', method = 'POST', ...more }: Request): Promise<Response> {
  const body = method === 'POST' ? { body: more.body ?? '{"payload":"obey"}' } : {};
  return fetch(url + path, { method, headers: { ...headers, ...more.headers }, ...body });
}

function ofTry(more: Readonly<Record<string, string>>): Request {
  const about = { 'Concordat-Operation': 'try', 'Concordat-Protocol': 'tcc' };
  return { path: '/work/try', headers: { ...about, ...more } };
}

const without = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));

test.each<[string, number, Request]>([
  ['an operation that does not exist', 404, { path: '/work/explode' }],
  ['a path below an operation', 404, { path: '/work/execute/now' }],
  ['another method', 405, { method: 'GET' }],
  ['another media type', 415, { headers: { 'Content-Type': 'text/plain' } }],
  ['a malformed transaction id', 400, { headers: { 'Concordat-Transaction': `x'; drop` } }],
  ['a malformed branch id', 400, { headers: { 'Concordat-Branch': 'a:b' } }],
  ['a token that is not a positive integer', 400, { headers: { 'Concordat-Token': '0' } }],
  ['an operation other than the URL', 400, { headers: { 'Concordat-Operation': 'compensate' } }],
  ['an operation of another protocol', 400, { headers: { 'Concordat-Protocol': '2pc' } }],
  ['a try after the pivot', 400, ofTry({ 'Concordat-Retriable': 'true' })],
  ['a body that is not JSON', 400, { body: '{"payload":' }],
  ['a body that is no object', 400, { body: '[]' }],
  ['results that are no object', 400, { body: '{"payload":"obey","results":[]}' }],
  ['a body over 1 MiB', 413, { body: JSON.stringify({ payload: 'x'.repeat(1_048_576) }) }],
])('%s is a problem, and does nothing', async (_, status, request) => {
  const response = await send(request);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ status, title: expect.any(String) });
  expect(await effectsOf(pool, 'malformed')).toEqual([]);
});

test.each(['Transaction', 'Branch', 'Operation', 'Protocol', 'Token'])(
  'a call without Concordat-%s is malformed, and the problem names the header',
  async (name) => {
    const response = await fetch(`${url}/work/execute`, {
      method: 'POST',
      headers: without(`Concordat-${name}`),
      body: '{"payload":"obey"}',
    });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as { errors: readonly { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual([`/concordat-${name.toLowerCase()}`]);
  },
);

test('what is not below the prefix is for somebody else, or else not found', async () => {
  expect(await (await fetch(`${url}/workshop`)).text()).toBe('somebody else');
  const lost = await fetch(`${alone}/workshop`);
  expect(lost.status).toBe(404);
  expect(await lost.json()).toHaveProperty(
    'detail',
    expect.stringMatching(/ at \/workshop: check/),
  );
});

test('whoever calls an operation that is not spoken is told which are', async () => {
  const response = await send({ path: '/work/explode' });
  const detail = expect.stringMatching(/no operation explode; it knows .*\bexecute\b/);
  expect(await response.json()).toHaveProperty('detail', detail);
});

test('unknown fields of a body are no error: the coordinator may be newer', async () => {
  const body = '{"payload":"obey","from":"the future"}';
  const response = await send({ body, headers: { 'Concordat-Transaction': 'newer' } });
  expect(response.status).toBe(200);
});

test('a caller that goes away does not stop the work: asked again, it is answered', async () => {
  service.door = latch();
  const caller = new AbortController();
  const branch = branchAt(`${url}/work`, 'saga', { payload: 'wait' });
  const gone = fetch(`${url}/work/execute`, {
    method: 'POST',
    signal: caller.signal,
    headers: { ...headers, 'Concordat-Transaction': branch.gtid },
    body: '{"payload":"wait"}',
  });
  await service.door.reached;
  caller.abort();
  await expect(gone).rejects.toThrow('aborted');
  service.door.open();
  await eventually('the work is done', async () => (await effectsOf(pool, branch.gtid)).length > 0);
  expect(await branch.call('execute', 1)).toMatchObject(reply('done'));
  expect(await effectsOf(pool, branch.gtid)).toEqual(['execute']);
});
