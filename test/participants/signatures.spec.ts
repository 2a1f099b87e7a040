// Who may call: signed calls of a real coordinator's adapter and of real peers, to participants of
// the SDK behind every framework.
import { randomUUID } from 'node:crypto';
import type { Answer } from '@concordat/engine';
import type { CallerOptions } from '@concordat/participant-sdk';
import { httpPeers, nodeHandler } from '@concordat/participant-sdk';
import type { Signing } from '@concordat/participants';
import { Directory, HttpParticipants, parseRegistry, UrlAllowList } from '@concordat/participants';
import type { GlobalTransactionId, Operation } from '@concordat/protocols';
import { asBranchId, asGtid } from '@concordat/wire';
import { describe, expect, onTestFinished, test } from 'vitest';
import { reply, serve } from '../barrier/calling.js';
import { serviceDatabase } from '../barrier/databases.js';
import { createEffects, effectsOf, scripted } from '../barrier/scripted.js';
import type { Framework, Sent } from './framework-servers.js';
import { frameworkNames, frameworks, send } from './framework-servers.js';
import type { Call } from './support.js';
import { question, serve as record } from './support.js';

const SECRET = 'a'.repeat(32);
const NEXT_SECRET = 'b'.repeat(32);
const STRANGERS = 'c'.repeat(32);

const { pool } = await serviceDatabase();
await createEffects(pool);
const { participant } = scripted(pool);
const urls = new Map<Framework, string>();
for (const name of frameworkNames) {
  urls.set(name, await frameworks[name](participant, { secrets: [SECRET] }));
}
const newGtid = (): GlobalTransactionId => asGtid(randomUUID());

/** The coordinator's side. */
function coordinator(url: string, signing?: Signing): HttpParticipants {
  const directory = new Directory(parseRegistry({ bank: { url } }, {}), UrlAllowList.of([]));
  const participants = new HttpParticipants(directory, undefined, signing);
  onTestFinished(() => participants.close());
  return participants;
}

const execute = (url: string, gtid: GlobalTransactionId, signing?: Signing): Promise<Answer> =>
  coordinator(url, signing).ask(question('execute', { gtid, payload: 'obey' }));

const secretOf = (secret: string): Signing => ({ secret });
const agoMs = (ms: number): Signing => ({ secret: SECRET, now: () => Date.now() - ms });
const done = reply('done', { result: { by: 'execute', token: 3 } });

/** In doubt, which is asked again: a coordinator without the secret decides nothing. */
function unheard(detail: string): object {
  return { type: 'in-doubt', reason: expect.stringMatching(`^HTTP 401 .*${detail}`) };
}

describe.each(frameworkNames)('behind %s', (name) => {
  const url = urls.get(name) ?? '';

  test('a coordinator with the secret is heard', async () => {
    const gtid = newGtid();
    expect(await execute(url, gtid, secretOf(SECRET))).toMatchObject(done);
    expect(await effectsOf(pool, gtid)).toEqual(['execute']);
  });

  test.each<[string, Signing | undefined, string]>([
    ['without a secret', undefined, 'must bear Concordat-Signature'],
    ['with another secret', secretOf(STRANGERS), 'not of a caller who is known'],
    ['of six minutes ago', agoMs(360_000), 'older or newer than 300000 ms'],
    ['six minutes ahead', agoMs(-360_000), 'older or newer than 300000 ms'],
  ])('one %s is in doubt, and nothing is done', async (_, signing, detail) => {
    const gtid = newGtid();
    expect(await execute(url, gtid, signing)).toMatchObject(unheard(detail));
    expect(await effectsOf(pool, gtid)).toEqual([]);
  });

  test('clocks may be four minutes apart', async () => {
    expect(await execute(url, newGtid(), agoMs(240_000))).toMatchObject(done);
    expect(await execute(url, newGtid(), agoMs(-240_000))).toMatchObject(done);
  });

  test('a call that was recorded is repeated without another effect', async () => {
    const gtid = newGtid();
    const sent = await recorded(gtid);
    const first = await send(url, sent);
    expect(first.status).toBe(200);
    expect(await send(url, sent)).toEqual(first);
    expect(await effectsOf(pool, gtid)).toEqual(['execute']);
  });

  test.each<[string, (sent: Recorded) => Sent]>([
    ['another body', (sent) => ({ ...sent, body: '{"payload":"refuse"}' })],
    ['another token', (sent) => changed(sent, { 'concordat-token': '4' })],
    ['another transaction', (sent) => changed(sent, { 'concordat-transaction': 'other' })],
    ['another branch', (sent) => changed(sent, { 'concordat-branch': 'other' })],
    ['one header more', (sent) => changed(sent, { 'concordat-retriable': 'true' })],
    ['another time', (sent) => changed(sent, { 'concordat-signature': later(sent) })],
    [
      'another path, and its operation',
      (sent) => ({
        ...changed(sent, { 'concordat-operation': 'compensate' }),
        path: '/compensate',
      }),
    ],
  ])('a call that was recorded and has %s is refused', async (_, tampered) => {
    const gtid = newGtid();
    const sent = await recorded(gtid);
    const { status, headers, body } = await send(url, tampered(sent));
    expect(status).toBe(401);
    expect(headers).toContainEqual(['www-authenticate', 'Concordat-Signature']);
    expect(body).toContain('not of a caller who is known');
    expect(body).not.toContain(SECRET);
    expect([await effectsOf(pool, gtid), await effectsOf(pool, 'other')]).toEqual([[], []]);
    expect((await send(url, sent)).status).toBe(200); // it was only that
  });
});

type Recorded = Sent & {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A call with the secret that a participant of the same path has let somebody record. */
async function recorded(
  gtid: GlobalTransactionId,
  operation: Operation = 'execute',
): Promise<Recorded> {
  const calls: Call[] = [];
  const url = await record((response, call) => {
    calls.push(call);
    response.end();
  });
  const asking = question(operation, { gtid, payload: 'obey' });
  await coordinator(`${url}/work`, secretOf(SECRET)).ask(asking);
  const [call] = calls;
  const ours = Object.entries(call?.headers ?? {}).filter(([key]) =>
    /^concordat-|-type$/.test(key),
  );
  const headers = Object.fromEntries(ours.map(([key, value]) => [key, String(value)]));
  return { path: `/${operation}`, headers, body: call?.body ?? '' };
}

function changed(sent: Recorded, headers: Readonly<Record<string, string>>): Recorded {
  return { ...sent, headers: { ...sent.headers, ...headers } };
}

function later({ headers }: Recorded): string {
  const signature = headers['concordat-signature'] ?? '';
  return signature.replace(/\d+/, (seconds) => String(Number(seconds) + 1));
}

test('a call to one participant is not good for another, below another path', async () => {
  const other = nodeHandler(participant, { prefix: '/other', secrets: [SECRET] });
  const url = `${await serve(other)}/other`;
  const gtid = newGtid();
  expect((await send(url, await recorded(gtid))).status).toBe(401);
  expect(await execute(url, gtid, secretOf(SECRET))).toMatchObject(done);
});

test('behind a proxy that changes the path, it is the path of the callers that is signed', async () => {
  const options: CallerOptions = { secrets: [SECRET], signedPrefix: '/public/work' };
  const inner = nodeHandler(participant, { prefix: '/inner', ...options });
  const url = await serve((request, response) => {
    request.url = request.url?.replace('/public/work', '/inner') ?? '';
    inner(request, response);
  });
  expect(await execute(`${url}/public/work`, newGtid(), secretOf(SECRET))).toMatchObject(done);
});

test('a secret is replaced at one side after the other', async () => {
  const before = await frameworks.node(participant, { secrets: [SECRET] });
  const meanwhile = await frameworks.node(participant, { secrets: [NEXT_SECRET, SECRET] });
  const after = await frameworks.node(participant, { secrets: [NEXT_SECRET] });
  const old = secretOf(SECRET);
  const next = secretOf(NEXT_SECRET);
  expect(await execute(before, newGtid(), old)).toMatchObject(done);
  expect(await execute(before, newGtid(), next)).toMatchObject(unheard('not of a caller'));
  expect(await execute(meanwhile, newGtid(), old)).toMatchObject(done);
  expect(await execute(meanwhile, newGtid(), next)).toMatchObject(done);
  expect(await execute(after, newGtid(), old)).toMatchObject(unheard('not of a caller'));
  expect(await execute(after, newGtid(), next)).toMatchObject(done);
});

test('whoever wants no signature hears one who signs: so coordinators sign first', async () => {
  const url = await frameworks.node(participant);
  expect(await execute(url, newGtid(), secretOf(SECRET))).toMatchObject(done);
});

test('clocks may be told to be closer', async () => {
  const options: CallerOptions = { secrets: [SECRET], signatureToleranceMs: 60_000 };
  const url = await frameworks.node(participant, options);
  expect(await execute(url, newGtid(), agoMs(90_000))).toMatchObject(unheard('60000 ms'));
  expect(await execute(url, newGtid(), secretOf(SECRET))).toMatchObject(done);
});

describe('in 3PC', () => {
  const state = (url: string, secret?: string): Promise<unknown> =>
    httpPeers({ peers: ['http://127.0.0.1:*'], ...(secret === undefined ? {} : { secret }) }).ask(
      url,
      { gtid: asGtid('unheard-of'), branch: asBranchId('a'), operation: 'state' },
      new AbortController().signal,
    );

  test.each(frameworkNames)('participants sign for each other, behind %s', async (name) => {
    const stateful = { ...participant, operations: new Set(['state'] as const), answer: told };
    const url = await frameworks[name](stateful, { secrets: [SECRET] });
    expect(await state(url, SECRET)).toEqual({ type: 'state', standing: null });
    expect(await state(url, STRANGERS)).toEqual({ type: 'in-doubt', reason: 'HTTP 401' });
    expect(await state(url)).toEqual({ type: 'in-doubt', reason: 'HTTP 401' });
  });

  const told = () => Promise.resolve({ type: 'state', standing: null } as const);

  test('a call of the coordinator cannot be made one of a participant', async () => {
    const acknowledging = { type: 'reply', reply: { type: 'acknowledged' } } as const;
    const url = await frameworks.node(
      { operations: new Set(['abort'] as const), answer: () => Promise.resolve(acknowledging) },
      { secrets: [SECRET] },
    );
    const sent = await recorded(newGtid(), 'abort');
    const { 'concordat-token': _, ...headers } = sent.headers;
    expect((await send(url, { ...sent, headers })).status).toBe(401);
    expect((await send(url, sent)).status).toBe(204);
  });
});

test('a service is told of strangers, in one line each', async () => {
  const lines: string[] = [];
  const reportStranger = (line: string): unknown => lines.push(line);
  const url = await frameworks.node(participant, { secrets: [SECRET], reportStranger });
  await execute(url, newGtid());
  await execute(url, newGtid(), secretOf(STRANGERS));
  await execute(url, newGtid(), secretOf(SECRET));
  expect(lines).toEqual([
    '/work/execute: Calls must bear Concordat-Signature',
    '/work/execute: Concordat-Signature is not of a caller who is known here',
  ]);
});

describe('a participant does not start', () => {
  test.each<[string, CallerOptions, string]>([
    ['with an empty list of secrets', { secrets: [] }, 'must not be empty'],
    ['with a short secret', { secrets: [SECRET, 'hunter2'] }, 'at least 32 characters'],
    ['with a blank in a secret', { secrets: [`${SECRET} x`] }, 'without blanks'],
  ])('%s', (_, options, message) => {
    expect(() => nodeHandler(participant, { prefix: '', ...options })).toThrow(message);
  });

  test('with a short secret for its peers, and the secret is not repeated', () => {
    const start = (): unknown => httpPeers({ peers: [], secret: 'hunter2' });
    expect(start).toThrow('the secret must have at least 32 characters');
    expect(start).not.toThrow('hunter2');
  });
});
