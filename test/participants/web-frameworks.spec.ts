// A participant answers alike behind every framework: each request of the table is sent to all of
// them, and what comes back is the same status, the same headers and the same bytes.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Participant } from '@concordat/participant-sdk';
import { fastifyParticipant } from '@concordat/participant-sdk/fastify';
import type { PeerAnswer } from '@concordat/wire';
import { asBranchId, asGtid, encodeCallHeading } from '@concordat/wire';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { serviceDatabase } from '../barrier/databases.js';
import { createEffects, effectsOf, scripted } from '../barrier/scripted.js';
import type { Framework, Received, Sent } from './framework-servers.js';
import {
  expressBehind,
  fastifyWith,
  frameworkNames,
  frameworks,
  send,
} from './framework-servers.js';

const { pool } = await serviceDatabase();
await createEffects(pool);
const { participant } = scripted(pool);
const urls = new Map<Framework, string>();
for (const name of frameworkNames) urls.set(name, await frameworks[name](participant));

const urlOf = (name: Framework): string => urls.get(name) ?? '';
const OWN_ROUTE: Framework = 'fastify behind its parser';
const others = frameworkNames.filter((name) => name !== 'node' && name !== OWN_ROUTE);

function headersFor(gtid: string): Readonly<Record<string, string>> {
  const heading = encodeCallHeading({
    from: 'coordinator',
    gtid: asGtid(gtid),
    branch: asBranchId('branch'),
    operation: 'execute',
    protocol: 'saga',
    token: 2,
    retriable: false,
    traceparent: null,
  });
  return { 'Content-Type': 'application/json', ...heading };
}

type Request = Partial<Sent> & { readonly without?: string };

/** Each server is asked about a transaction of its own, for they share a database. */
async function ask(
  name: Framework,
  gtid: string,
  { without, ...request }: Request,
  url = urlOf(name),
): Promise<Received> {
  const all = { ...headersFor(gtid), ...request.headers };
  const headers = Object.fromEntries(Object.entries(all).filter(([key]) => key !== without));
  const body = request.method === 'GET' ? {} : { body: request.body ?? '{"payload":"obey"}' };
  return send(url, { path: '/execute', ...request, ...body, headers });
}

const ofTry = { path: '/try', headers: { 'Concordat-Operation': 'try' } };
const largest = JSON.stringify({ payload: 'x'.repeat(1_048_562) });
const tooLong = 'y'.repeat(1_048_576);
const notUtf8 = Uint8Array.from([...Buffer.from('{"payload":"'), 0xff, ...Buffer.from('"}')]);

const answers: readonly [string, number, Request][] = [
  ['a question that is obeyed', 200, {}],
  ['a question that is refused', 409, { body: '{"payload":"refuse"}' }],
  ['a payload that is none', 409, { body: '{"payload":"é\\u0000\\ud800"}' }],
  ['a field that is called __proto__', 200, { body: '{"payload":"obey","__proto__":{"a":1}}' }],
  ['a handler that throws', 500, { body: '{"payload":"throw"}' }],
  ['an order about nothing', 204, { ...orderTo('compensate'), body: '{"payload":null}' }],
  ['a media type with a parameter', 200, mediaType('Application/JSON; charset=utf-8')],
  ['a query', 200, { path: '/execute?a=b' }],
  ['a body of exactly 1 MiB', 409, { body: largest }],
];

const problems: readonly [string, number, Request][] = [
  ['an operation that does not exist', 404, { path: '/explode' }],
  ['an operation that is written otherwise', 404, { path: '/%65xecute' }],
  ['a path below an operation', 404, { path: '/execute/now' }],
  ['no operation', 404, { path: '/' }],
  ['GET', 405, { method: 'GET' }],
  ['PUT', 405, { method: 'PUT' }],
  ['no media type', 415, { without: 'Content-Type' }],
  ['another media type', 415, mediaType('text/plain')],
  ['a media type that is none', 415, mediaType(';;;')],
  ['a transaction id that is none', 400, { headers: { 'Concordat-Transaction': "x'; drop" } }],
  ['a token that is no number', 400, { headers: { 'Concordat-Token': '-1' } }],
  ['no token', 400, { without: 'Concordat-Token' }],
  ['an operation other than the URL', 400, { ...ofTry, path: '/execute' }],
  ['an operation of another protocol', 400, ofTry],
  ['a body that ends too soon', 400, { body: '{"payload":' }],
  ['no body', 400, { body: '' }],
  ['a body without a payload', 400, { body: '{}' }],
  ['a list', 400, { body: '[]' }],
  ['a payload that is nested too deep', 400, { body: `{"payload":${nested(70)}}` }],
  ['a body of brackets', 400, { body: nested(20_000) }],
  ['results that are no object', 400, { body: '{"payload":"obey","results":7}' }],
  ['a body that is too long', 413, { body: `{"payload":"${tooLong}"}` }],
  ['a body in pieces that is too long', 413, { body: ['{"payload":"', tooLong, '"}'] }],
];

function mediaType(value: string): Request {
  return { headers: { 'Content-Type': value } };
}

function orderTo(operation: string): Request {
  return { path: `/${operation}`, headers: { 'Concordat-Operation': operation } };
}

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

let count = 0;

describe.each([...answers, ...problems])('%s', (_, status, request) => {
  const gtid = `alike-${(count += 1)}`;

  test.each(others)('is answered by %s as by node:http', async (name) => {
    const byNode = await ask('node', `${gtid}-node`, request);
    const byOther = await ask(name, `${gtid}-${others.indexOf(name)}`, request);
    expect(byNode.status).toBe(status);
    expect(byOther).toEqual(byNode);
    const effects = await effectsOf(pool, `${gtid}-node`);
    expect(await effectsOf(pool, `${gtid}-${others.indexOf(name)}`)).toEqual(effects);
    expect(effects).toEqual(status === 200 ? ['execute'] : []);
  });
});

test('a body that is not UTF-8 is a problem where no parser has guessed at it', async () => {
  for (const name of ['node', 'express', 'fastify'] as const) {
    const { status, body } = await ask(name, 'not-utf-8', { body: notUtf8 });
    expect([status, JSON.parse(body)]).toEqual([
      400,
      expect.objectContaining({ detail: 'The body is not JSON' }),
    ]);
  }
});

/** Fastify's own parser refuses a key that it takes for an attack. */
const inOwnRoute = answers.filter(([what]) => !what.includes('__proto__'));

test.each(inOwnRoute)('%s is answered in a route of Fastify as by node:http', async (...of) => {
  const [, status, request] = of;
  const gtid = `own-${(count += 1)}`;
  const byNode = await ask('node', `${gtid}-node`, request);
  expect(byNode.status).toBe(status);
  expect(await ask(OWN_ROUTE, gtid, request)).toEqual(byNode);
});

test.each<[number, PeerAnswer, Received['headers']]>([
  [202, { type: 'working', retryAfterMs: 2_000 }, [['retry-after', '2']]],
  [202, { type: 'working', retryAfterMs: undefined }, []],
  [410, { type: 'stale' }, [['content-type', 'application/json']]],
  [204, { type: 'reply', reply: { type: 'done' } }, []],
  [500, { type: 'in-doubt', reason: 'é' }, [['content-type', 'application/json']]],
])('%d, whatever it says, is said alike', async (status, answer, told) => {
  const saying: Participant = {
    operations: new Set(['execute']),
    answer: () => Promise.resolve(answer),
  };
  const sent = { path: '/execute', headers: headersFor('said'), body: '{"payload":null}' };
  const byNode = await send(await frameworks.node(saying), sent);
  expect(byNode.status).toBe(status);
  expect(byNode.headers).toEqual(expect.arrayContaining([...told]));
  for (const name of frameworkNames) {
    expect(await send(await frameworks[name](saying), sent), name).toEqual(byNode);
  }
});

test.each(frameworkNames)('%s goes on when a caller goes away in the middle', async (name) => {
  const { hostname, port } = new URL(urlOf(name));
  const socket = connect(Number(port), hostname);
  const headers = Object.entries({ ...headersFor('half'), Host: hostname, 'Content-Length': '30' });
  const lines = headers.map(([key, value]) => `${key}: ${value}\r\n`).join('');
  socket.write(`POST /work/execute HTTP/1.1\r\n${lines}\r\n{"payload":`);
  await once(socket, 'connect');
  socket.resetAndDestroy();
  const gtid = `whole-${(count += 1)}`;
  expect((await ask(name, gtid, {})).status).toBe(200);
  expect(await effectsOf(pool, 'half')).toEqual([]);
});

describe('what is not below the path of a participant', () => {
  test('is for whoever comes next', async () => {
    const app = await expressBehind([], participant);
    const { status, body } = await send(app, { path: 'shop' });
    expect([status, body]).toEqual([404, expect.stringContaining('Cannot POST /workshop')]);
    expect((await send(app, { path: '' })).body).toContain('Cannot POST /work');
    expect((await send(urlOf('fastify'), { path: 'shop' })).body).toContain('Route POST:/workshop');
  });

  test('is not answered for: an error of a parser goes to whom it concerns', async () => {
    const app = await expressBehind([express.json()], participant);
    const headers = headersFor('elsewhere');
    const { status, body } = await send(app, { path: 'shop', headers, body: '{' });
    expect([status, body]).toEqual([400, expect.stringContaining('SyntaxError')]);
  });
});

test('an error of an application that runs Fastify stays its own', async () => {
  const url = await fastifyWith(async (app) => {
    app.addHook('preHandler', () => Promise.reject(new Error('not on Sundays')));
    await app.register(fastifyParticipant, { prefix: '/work', participant });
  });
  const { status, body } = await ask('fastify', 'sunday', {}, url);
  expect([status, body]).toEqual([500, expect.stringContaining('not on Sundays')]);
  expect(await effectsOf(pool, 'sunday')).toEqual([]);
});

test('a parser with a lower limit is told of with its own', async () => {
  const app = await expressBehind([express.json({ limit: 1_000 })], participant);
  const body = `{"payload":"${'x'.repeat(1_000)}"}`;
  const received = await send(app, { path: '/execute', headers: headersFor('lower'), body });
  expect(received.status).toBe(413);
  expect(JSON.parse(received.body)).toMatchObject({ detail: 'A body has at most 1000 bytes' });
});

test('a parser with a higher limit does not make it ours', async () => {
  const app = await expressBehind([express.json({ limit: '5mb' })], participant);
  const sent = {
    path: '/execute',
    headers: headersFor('higher'),
    body: `{"payload":"${tooLong}"}`,
  };
  const received = await send(app, sent);
  expect(received.status).toBe(413);
  expect(JSON.parse(received.body)).toMatchObject({ detail: 'A body has at most 1048576 bytes' });
});

test.each([express.raw({ type: '*/*' }), express.text({ type: '*/*' })])(
  'a parser that keeps the bytes, or their text, is as good as none',
  async (parser) => {
    const app = await expressBehind([parser], participant);
    const gtid = `kept-${(count += 1)}`;
    const headers = headersFor(gtid);
    const sent = { path: '/execute', headers, body: '{"payload":"obey"}' };
    expect((await send(app, sent)).status).toBe(200);
    expect(await effectsOf(pool, gtid)).toEqual(['execute']);
  },
);
