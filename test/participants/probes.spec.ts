// A look at a branch, by each kind of participant: what it sends, what it makes of answers, and
// that it always ends, with a reason.
import type { Inquiry } from '@concordat/engine';
import { probesOf } from '@concordat/engine';
import {
  Directory,
  HttpParticipants,
  InProcessParticipants,
  QueueParticipants,
  RoutedParticipants,
  UrlAllowList,
} from '@concordat/participants';
import { asBranchId, asGtid, isSigned, parseClaim } from '@concordat/wire';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import type { Call } from './support.js';
import { participantsAt, serve, serveBytes } from './support.js';

const GTID = asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55');

function inquiry(more: Partial<Inquiry> = {}): Inquiry {
  return {
    gtid: GTID,
    branch: asBranchId('payment'),
    protocol: '2pc',
    participant: 'bank',
    result: undefined,
    traceparent: null,
    timeoutMs: 2_000,
    ...more,
  };
}

const answering = (status: number, body: string): Promise<string> =>
  serve((response) => response.writeHead(status).end(body));

describe('over HTTP', () => {
  test('it asks as any call does, but without a token, and with nothing to do', async () => {
    const calls: Call[] = [];
    const url = await serve((response, call) => {
      calls.push(call);
      response.end('{ "state": "prepared", "since": "2026-11-20T03:00:00Z", "evidence": "seen" }');
    });
    expect(await participantsAt(url).probe(inquiry())).toEqual({
      observed: 'prepared',
      source: 'participant',
      since: Date.UTC(2026, 10, 20, 3),
      evidence: 'seen',
      query: `POST ${url}/inspect, Concordat-Transaction: ${GTID}, -Branch: payment`,
    });
    const [call] = calls;
    expect(calls).toHaveLength(1);
    expect([call?.method, call?.url]).toEqual(['POST', '/inspect']);
    expect(JSON.parse(call?.body ?? '')).toEqual({ payload: null });
    expect(call?.headers).toMatchObject({
      'concordat-transaction': GTID,
      'concordat-branch': 'payment',
      'concordat-operation': 'inspect',
      'concordat-protocol': '2pc',
      'content-type': 'application/json',
    });
    expect(call?.headers).not.toHaveProperty('concordat-token');
  });

  test.each([
    [200, '{ "state": "committed" }', 'committed', 'participant', /it says committed/],
    [200, '{ "state": "absent", "more": 1 }', 'absent', 'participant', /absent/],
    [200, '{ "state": "perhaps" }', 'unknown', 'participant', /without a well-formed state/],
    [200, '{ "state": "prepared", "since": "noon" }', 'unknown', 'participant', /well-formed/],
    [200, 'yes', 'unknown', 'participant', /without a well-formed state/],
    [200, '', 'unknown', 'participant', /without a well-formed state/],
    [202, '', 'unknown', 'participant', /HTTP 202/],
    [302, '', 'unknown', 'participant', /HTTP 302/],
    [401, 'who are you?', 'unknown', 'participant', /HTTP 401 who are you/],
    [404, '', 'unknown', 'none', /takes no questions/],
    [405, '', 'unknown', 'none', /takes no questions/],
    [501, '', 'unknown', 'none', /takes no questions/],
    [500, 'oh', 'unknown', 'participant', /HTTP 500 oh/],
    [502, '', 'unreachable', 'participant', /HTTP 502/],
    [503, '', 'unreachable', 'participant', /HTTP 503/],
  ] as const)('%i %s is %s', async (status, body, observed, source, evidence) => {
    const probed = await participantsAt(await answering(status, body)).probe(inquiry());
    expect(probed).toMatchObject({
      observed,
      source,
      evidence: expect.stringMatching(evidence),
    });
  });

  test('who answers nothing, or slowly, is unreachable when the time is over', async () => {
    const silent = await serveBytes(() => undefined);
    const trickling = await serveBytes((socket) => socket.write('HTTP/1.1 200 OK\r\n'));
    for (const url of [silent, trickling]) {
      expect(await participantsAt(url).probe(inquiry({ timeoutMs: 200 }))).toMatchObject({
        observed: 'unreachable',
        evidence: expect.stringMatching(/within 200 ms/),
      });
    }
  });

  test('where nobody listens is unreachable', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    expect(await participantsAt(nowhere).probe(inquiry())).toMatchObject({
      observed: 'unreachable',
      evidence: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test('a URL that is not permitted any more is not asked', async () => {
    const directory = new Directory(new Map(), UrlAllowList.of([]));
    const participants = new HttpParticipants(directory);
    onTestFinished(() => participants.close());
    const participant = { url: 'http://127.0.0.1:9/bank' };
    expect(await participants.probe(inquiry({ participant }))).toMatchObject({
      observed: 'unknown',
      source: 'none',
      evidence: expect.stringMatching(/allow-list/),
    });
  });

  test('a look is signed like a call', async () => {
    const secret = 's'.repeat(40);
    const calls: Call[] = [];
    const url = await serve((response, call) => {
      calls.push(call);
      response.end('{ "state": "absent" }');
    });
    const directory = new Directory(new Map(), UrlAllowList.of([`${url}/*`, url]));
    const participants = new HttpParticipants(directory, undefined, { secret });
    onTestFinished(() => participants.close());
    await participants.probe(inquiry({ participant: { url } }));
    const [call] = calls;
    const header = call?.headers['concordat-signature'];
    const claim = parseClaim(header, { nowMs: Date.now(), toleranceMs: 60_000 });
    if (call === undefined || typeof claim === 'string') throw new Error('no claim');
    const { method = '', url: path = '', headers, body } = call;
    const hashing = {
      sha256: (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex'),
      hmacSha256: (key: string, text: string) =>
        createHmac('sha256', key).update(text).digest('hex'),
      isEqual: (one: string, other: string) =>
        timingSafeEqual(Buffer.from(one), Buffer.from(other)),
    };
    expect(isSigned({ method, path, headers }, body, claim, [secret], hashing)).toBe(true);
  });
});

describe('within this process', () => {
  const answer = () => Promise.reject(new Error('never called'));

  test('a participant that says how its branches stand is asked', async () => {
    const participants = new InProcessParticipants();
    participants.register('bank', {
      answer,
      inspect: ({ branch }) => Promise.resolve({ state: 'committed', evidence: `saw ${branch}` }),
    });
    expect(await participants.probe(inquiry())).toEqual({
      observed: 'committed',
      source: 'participant',
      evidence: 'saw payment',
    });
  });

  test.each([
    ['throws', () => Promise.reject(new Error('broken')), 'unknown', /it has thrown: broken/],
    ['never answers', () => new Promise<never>(() => undefined), 'unreachable', /within 100 ms/],
  ] as const)('one that %s is told so', async (_, inspect, observed, evidence) => {
    const participants = new InProcessParticipants();
    participants.register('bank', { answer, inspect });
    expect(await participants.probe(inquiry({ timeoutMs: 100 }))).toMatchObject({
      observed,
      evidence: expect.stringMatching(evidence),
    });
  });

  test('one that takes no questions, or is not there, is unknown', async () => {
    const participants = new InProcessParticipants();
    participants.register('bank', { answer });
    const [mute, missing] = [
      await participants.probe(inquiry()),
      await participants.probe(inquiry({ participant: 'shop' })),
    ];
    expect([mute, missing]).toMatchObject([
      { observed: 'unknown', source: 'none', evidence: expect.stringMatching(/no questions/) },
      { observed: 'unknown', source: 'none', evidence: expect.stringMatching(/not in this/) },
    ]);
  });
});

describe('by its kind', () => {
  const registry = new Map([
    ['mail', { kind: 'queue', queue: 'mail' } as const],
    ['bank', { kind: 'in-process' } as const],
  ]);
  const directory = new Directory(registry, UrlAllowList.of([]));

  test('a queue takes no questions, whether Redis is there or not', async () => {
    const queues = new QueueParticipants(directory, { redisUrl: 'redis://127.0.0.1:1' });
    onTestFinished(() => queues.close());
    const routed = new RoutedParticipants(directory, {
      kinds: { queue: queues },
      names: new Map(),
    });
    expect(await routed.probe(inquiry({ participant: 'mail' }))).toMatchObject({
      observed: 'unknown',
      source: 'none',
      evidence: expect.stringMatching(/queue/),
    });
  });

  test('an adapter that is not made for it is not asked, nor is one that is not there', async () => {
    const routed = new RoutedParticipants(directory, {
      kinds: {},
      names: new Map([['bank', { ask: () => Promise.reject(new Error('never asked')) }]]),
    });
    const found = await Promise.all(
      ['bank', 'mail', 'nobody'].map((participant) => routed.probe(inquiry({ participant }))),
    );
    expect(found).toMatchObject([
      { observed: 'unknown', evidence: expect.stringMatching(/no questions/) },
      { observed: 'unknown', evidence: expect.stringMatching(/nothing that can call a queue/) },
      { observed: 'unknown', evidence: expect.stringMatching(/no participant is registered/) },
    ]);
  });

  test('who passes questions on passes looks on too', async () => {
    const inner = { ask: () => Promise.reject(new Error('never asked')), seen: 0 };
    const probes = probesOf({
      ...inner,
      probe: (asked) =>
        Promise.resolve({ observed: 'absent', source: 'none', evidence: asked.branch }),
    });
    expect(await probes.probe(inquiry())).toMatchObject({ evidence: 'payment' });
  });
});
