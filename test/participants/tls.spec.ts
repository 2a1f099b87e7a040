// Participants behind TLS (27 and 28 of docs/SECURITY.md): a certificate is verified or nothing is
// said, and what a call bears is for the one that it was sent to. Real servers on loopback, with
// certificates of an authority that this process is told to trust, or not.
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Answer } from '@concordat/engine';
import {
  Directory,
  HttpParticipants,
  parseRegistry,
  UrlAllowList,
  WebhookSender,
} from '@concordat/participants';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { authority, elsewhere, expired, here, key } from './certificates.js';
import { question, serve } from './support.js';

const SECRET = 'a'.repeat(32);
const trusted = getCACertificates('default');
let heard: string[] = [];

beforeEach(() => {
  heard = [];
  setDefaultCACertificates(trusted);
});

function trustTheAuthority(): void {
  setDefaultCACertificates([...trusted, authority]);
}

/** Says yes to whoever gets through. */
async function serveTls(cert: string): Promise<string> {
  const server = createServer({ key, cert }, (request, response) => {
    heard.push(request.url ?? '');
    response.end('{}');
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(url: string, participant: 'bank' | 'inline' = 'bank'): Promise<Answer> {
  const list = UrlAllowList.of(['https://127.0.0.1:*', 'http://127.0.0.1:*']);
  const directory = new Directory(parseRegistry({ bank: { url } }, {}), list);
  const caller = new HttpParticipants(directory, undefined, { secret: SECRET });
  onTestFinished(() => caller.close());
  return caller.ask(question('prepare', participant === 'bank' ? {} : { participant: { url } }));
}

function doubt(reason: RegExp): unknown {
  return { type: 'in-doubt', reason: expect.stringMatching(reason) };
}

describe.each(['bank', 'inline'] as const)('[28] a participant over TLS, %s', (participant) => {
  test('is called if its certificate is of a trusted authority, and for its host', async () => {
    trustTheAuthority();
    const url = await serveTls(here);
    expect(await ask(url, participant)).toMatchObject({ reply: { type: 'prepared' } });
    expect(heard).toEqual(['/prepare']);
  });

  test.each([
    ['of an authority that is not trusted', here, /UNABLE_TO_VERIFY|SELF_SIGNED|ISSUER/],
    ['for another host', elsewhere, /ERR_TLS_CERT_ALTNAME_INVALID/],
    ['over', expired, /CERT_HAS_EXPIRED/],
  ] as const)('is told nothing if its certificate is %s', async (_, certificate, reason) => {
    if (certificate !== here) trustTheAuthority();
    const url = await serveTls(certificate);
    expect(await ask(url, participant)).toEqual(doubt(reason));
    expect(heard).toEqual([]);
  });

  test('is told nothing, though NODE_TLS_REJECT_UNAUTHORIZED is 0', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const url = await serveTls(here);
    // The variable is heard by Node itself: whoever does not object is let through by it.
    expect((await fetch(`${url}/by-fetch`, { method: 'POST' })).status).toBe(200);
    expect(await ask(url, participant)).toEqual(doubt(/UNABLE_TO_VERIFY|SELF_SIGNED|ISSUER/));
    expect(heard).toEqual(['/by-fetch']);
  });
});

test('[28] a webhook over TLS is told nothing if its certificate cannot be verified', async () => {
  const url = await serveTls(here);
  const sender = new WebhookSender(UrlAllowList.of(['https://127.0.0.1:*']));
  onTestFinished(() => sender.close());
  const answer = await sender.send({ url, headers: {}, body: '{}', timeoutMs: 5_000 });
  expect(answer).toEqual({ type: 'failed', reason: expect.stringMatching(/VERIFY|SIGNED|ISSUER/) });
  expect(heard).toEqual([]);
});

describe('[27] what a call bears', () => {
  test('is a signature, and no credential that would be good for anybody else', async () => {
    const calls: { headers: IncomingHttpHeaders; body: string }[] = [];
    const url = await serve((response, { headers, body }) => {
      calls.push({ headers, body });
      response.end('{}');
    });
    expect(await ask(url)).toMatchObject({ reply: { type: 'prepared' } });
    const names = Object.keys(calls[0]?.headers ?? {}).toSorted();
    const ours = names.filter((name) => name.startsWith('concordat-'));
    expect(ours).toContain('concordat-signature');
    const rest = ['connection', 'content-length', 'content-type', 'host', 'idempotency-key'];
    expect(names.filter((name) => !ours.includes(name))).toEqual([...rest, 'traceparent']);
    expect(JSON.stringify(calls)).not.toContain(SECRET);
  });

  test.each([301, 302, 303, 307, 308])('goes to no other host by a %i', async (status) => {
    let taken = 0;
    const other = await serve((response) => {
      taken += 1;
      response.end('{}');
    });
    const location = other.replace('127.0.0.1', 'localhost');
    const url = await serve((response) => response.writeHead(status, { location }).end());
    expect(await ask(url)).toEqual(doubt(new RegExp(`^HTTP ${status}$`)));
    expect(taken).toBe(0);
  });
});
