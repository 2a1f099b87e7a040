// How one participant calls another: at URLs that came over the network, and so with care.
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { httpPeers, isPeerPrefix } from '@concordat/participant-sdk';
import type { PeerAnswer } from '@concordat/wire';
import { asBranchId, asGtid, parseCallBody, parseCallHeading } from '@concordat/wire';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { here as certificate, key } from '../participants/certificates.js';
import { serve } from './calling.js';

const about = { gtid: asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'), branch: asBranchId('b') };
const elect = { ...about, operation: 'elect', ballot: 5 } as const;
const unhurried = new AbortController().signal;
const here = ['http://127.0.0.1:*'];
const patient = { timeoutMs: 60_000 };
const peers = httpPeers({ peers: here, ...patient });

const standing = { state: 'ready', lastElected: 5, lastAttempt: 0 } as const;

/** What a participant whose server is `listener` is taken to say to an election. */
async function answerOf(listener: RequestListener): Promise<PeerAnswer> {
  return peers.ask(await serve(listener), elect, unhurried);
}

test('a question is a call without a token, which a participant understands', async () => {
  const calls: object[] = [];
  const keys: unknown[] = [];
  const url = await serve((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => {
      const { method, url: path, headers } = request;
      const heading = parseCallHeading(headers);
      keys.push(headers['idempotency-key']);
      calls.push({ method, path, heading, body: parseCallBody(JSON.parse(text)) });
      response.end(JSON.stringify({ standing }));
    });
  });
  expect(await peers.ask(`${url}/bank/`, { ...elect, voted: true }, unhurried)).toEqual({
    type: 'reply',
    reply: { type: 'standing', standing },
  });
  expect(calls).toEqual([
    {
      method: 'POST',
      path: '/bank/elect',
      heading: {
        ok: true,
        value: {
          ...about,
          from: 'participant',
          operation: 'elect',
          protocol: '3pc',
          traceparent: null,
        },
      },
      body: { ok: true, value: { payload: null, ballot: 5, voted: true } },
    },
  ]);
  expect(keys).toEqual([`${about.gtid}:b:elect@5`]);
});

describe('state', () => {
  const state = async (status: number, body: string): Promise<PeerAnswer> => {
    const url = await serve((_, response) => response.writeHead(status).end(body));
    return peers.ask(url, { ...about, operation: 'state' }, unhurried);
  };

  test('is how the branch stands, or null', async () => {
    const known = await state(200, JSON.stringify({ standing }));
    expect(known).toEqual({ type: 'state', standing });
    expect(await state(200, '{"standing":null}')).toEqual({ type: 'state', standing: null });
  });

  test.each([
    [200, ''],
    [200, '{}'],
    [200, '{"standing":{"state":"ready"}}'],
    [200, '{"standing":"ready"}'],
    [200, '<html>'],
    [202, '{"standing":null}'],
    [404, '{"standing":null}'],
    [410, '{"stale":true}'],
    [500, ''],
  ])('is in doubt if it is answered %i %s', async (status, body) => {
    expect((await state(status, body)).type).toBe('in-doubt');
  });
});

describe('a URL', () => {
  test.each([
    ['http://localhost:1/bank', 'of a host that is not allowed'],
    ['http://169.254.169.254/latest', 'of a host that is not allowed'],
    ['file:///etc/passwd', 'of another scheme'],
    ['http://127.0.0.1@example.com/', 'with credentials'],
    ['http://me:secret@127.0.0.1:1/', 'with credentials'],
    ['http://127.0.0.1:1/?x=', 'with a query'],
    ['http://127.0.0.1:1/#x', 'with a fragment'],
    ['nonsense', 'that is none'],
    ['http://127.0.0.1:1/%2e%2e/x', 'with a percent sign'],
    ['https://127.0.0.1:1/bank', 'of another origin'],
    ['http://127.0.0.1.example.com/', 'of a host that only begins like one'],
  ])('%s, %s, is not called', async (url) => {
    expect(await peers.ask(url, elect, unhurried)).toEqual({
      type: 'in-doubt',
      reason: 'may not be called: its URL is not among the peers of this participant',
    });
    expect(peers.faultOf(url)).toContain('may not be called');
  });

  test.each([
    ['http://h:81', 'http://h:81/bank/x', true],
    ['http://h:81', 'http://h:82/bank', false],
    ['http://h', 'http://h:80/', true],
    ['http://h', 'http://h:81/', false],
    ['http://h:*/bank', 'http://h:82/bank', true],
    ['http://h:*/bank/', 'http://h:82/bank/', true],
    ['http://h:*/bank', 'http://h:82/bank/of/england', true],
    ['http://h:*/bank', 'http://h:82/banks', false],
    ['http://h:*/bank', 'http://h:82/bank/../vault', false],
    ['http://127.0.0.1:*', 'http://2130706433:5/', true],
    ['http://H:*', 'http://h:5/', true],
  ])('below %s: %s, %s', (prefix, url, isBelow) => {
    expect(httpPeers({ peers: [prefix] }).faultOf(url) === undefined).toBe(isBelow);
  });

  test.each(['', '*', 'h', 'ftp://h', 'http://*', 'http://me@h', 'http://h:1:*', 'http://h/*'])(
    'is on no list: %j',
    (prefix) => {
      expect(() => httpPeers({ peers: [prefix] })).toThrow(`"${prefix}" is not a URL`);
    },
  );

  test.each([
    'http://169.254.169.254',
    'http://2852039166:*/latest',
    'http://[::ffff:169.254.169.254]:80',
    'http://[fd00:ec2::254]',
  ])('of a metadata service is on no list: %s', (prefix) => {
    const never = 'leads to a metadata service, which is never called';
    expect(() => httpPeers({ peers: [prefix] })).toThrow(`"${prefix}" ${never}`);
    expect(isPeerPrefix(prefix)).toBe(false);
  });

  test('is not followed elsewhere', async () => {
    let visitors = 0;
    const elsewhere = await serve((_, response) => {
      visitors += 1;
      response.end(JSON.stringify({ standing }));
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = await answerOf((_, response) => {
        response.writeHead(status, { Location: `${elsewhere}/elect` }).end();
      });
      expect(answer).toEqual({ type: 'in-doubt', reason: `HTTP ${status}` });
    }
    expect(visitors).toBe(0);
  });
});

describe('the addresses of a host', () => {
  /** A peer at a name that has these addresses, by the DNS of that moment. */
  async function askAt(
    addresses: readonly string[],
  ): Promise<{ calls: number; answer: PeerAnswer }> {
    let calls = 0;
    const url = await serve((_, response) => {
      calls += 1;
      response.end(JSON.stringify({ standing }));
    });
    const named = httpPeers({
      ...patient,
      peers: ['http://bank.example:*'],
      resolve: (hostname, { all }, callback) => {
        expect({ hostname, all }).toEqual({ hostname: 'bank.example', all: true });
        callback(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      },
    });
    const { port } = new URL(url);
    const answer = await named.ask(`http://bank.example:${port}`, elect, unhurried);
    return { calls, answer };
  }

  test('are asked for when it is called, and are what is called', async () => {
    const reply = { type: 'reply', reply: { type: 'standing', standing } };
    expect(await askAt(['127.0.0.1'])).toEqual({ calls: 1, answer: reply });
  });

  test.each([
    [['169.254.169.254']],
    [['127.0.0.1', '169.254.169.254']],
    [['127.0.0.1', 'fd00:ec2::254']],
    [['::ffff:169.254.169.254', '127.0.0.1']],
  ])('%j are not called: one of them is a metadata service', async (addresses) => {
    expect(await askAt(addresses)).toEqual({
      calls: 0,
      answer: {
        type: 'in-doubt',
        reason: 'the host bank.example leads to a metadata service, which is never called',
      },
    });
  });
});

test('a certificate that nobody vouches for ends it, whatever the environment says', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const calls: string[] = [];
  const server = createServer({ key, cert: certificate }, (request, response) => {
    calls.push(request.url ?? '');
    response.end(JSON.stringify({ standing }));
  });
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}`;
  const unchecked = await fetch(url); // it would let a call through
  expect(unchecked.status).toBe(200);
  const answer = await httpPeers({ peers: [url], ...patient }).ask(url, elect, unhurried);
  expect(answer).toEqual({ type: 'in-doubt', reason: expect.stringMatching(/certificate/) });
  expect(calls).toEqual(['/']);
});

test.each([
  [500, 'a secret', { type: 'in-doubt', reason: 'HTTP 500' }],
  [409, '{"reason":"a secret"}', { type: 'balked', reason: 'HTTP 409' }],
  [200, '{"vote":"a secret"}', { type: 'in-doubt', reason: 'HTTP 200' }],
])('what people are shown of %i %s is its status', async (status, body, shown) => {
  const answer = await answerOf((_, response) => response.writeHead(status).end(body));
  expect(answer).toEqual(shown);
});

test('however long a roster is, few calls are under way at once', async () => {
  let [now, most] = [0, 0];
  const url = await serve((_, response) => {
    now += 1;
    most = Math.max(most, now);
    setTimeout(() => {
      now -= 1;
      response.end(JSON.stringify({ standing }));
    }, 20);
  });
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => peers.ask(url, elect, unhurried)),
  );
  expect(answers.filter(({ type }) => type === 'reply')).toHaveLength(100);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(32);
});

describe('no answer', () => {
  test('is a body without end', async () => {
    let sent = 0;
    const answer = await answerOf((_, response) => {
      response.on('error', () => undefined);
      const chunk = Buffer.alloc(65_536, 0x20);
      const flood = (): void => {
        if (response.destroyed) return;
        sent += chunk.length;
        response.write(chunk, flood);
      };
      flood();
    });
    expect(answer).toEqual({
      type: 'in-doubt',
      reason: 'the body is larger than 1048576 bytes',
    });
    expect(sent).toBeGreaterThan(1_048_576);
  });

  test('is one that would speak another protocol', async () => {
    const change = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
    const answer = await answerOf((request) => request.socket.write(change));
    expect(answer).toEqual({ type: 'in-doubt', reason: 'closed without an answer' });
  });

  test('is one that would have to be unpacked', async () => {
    const packed = gzipSync(JSON.stringify({ standing }));
    const answer = await answerOf((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
    });
    expect(answer.type).toBe('in-doubt');
  });

  test('is one that trickles past the timeout', async () => {
    let chunks = 0;
    const url = await serve((_, response) => {
      const trickle = setInterval(() => {
        chunks += 1;
        response.write(' ');
      }, 50);
      response.on('close', () => clearInterval(trickle));
    });
    const hurried = httpPeers({ peers: here, timeoutMs: 1_500 });
    expect(await hurried.ask(url, elect, unhurried)).toEqual({
      type: 'in-doubt',
      reason: 'no whole answer within 1500 ms',
    });
    expect(chunks).toBeGreaterThan(1);
  });

  test('is a connection that is reset, or refused, or given up', async () => {
    const reset = await answerOf((request) => request.socket.resetAndDestroy());
    expect(reset).toMatchObject({
      type: 'in-doubt',
      reason: expect.stringContaining('ECONNRESET'),
    });
    expect(await peers.ask('http://127.0.0.1:1', elect, unhurried)).toMatchObject({
      type: 'in-doubt',
    });
    const gone = await peers.ask(await serve(() => undefined), elect, AbortSignal.abort());
    expect(gone.type).toBe('in-doubt');
  });

  test('is text that is not UTF-8, or not an answer to the question', async () => {
    const garbled = await answerOf((_, response) => response.end(Buffer.from([0x22, 0xff, 0x22])));
    expect(garbled.type).toBe('in-doubt');
    const vote = await answerOf((_, response) => response.end('{"vote":"prepared"}'));
    expect(vote).toEqual({ type: 'in-doubt', reason: 'HTTP 200' });
  });
});
