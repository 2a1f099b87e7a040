// Forged requests (22 to 26 of docs/SECURITY.md): whatever an initiator gives for a URL, whatever
// DNS says of it at the time, and wherever an answer points to, no call leaves for a place that the
// operator has not named. What is refused is in doubt, and never a vote. Nothing here leaves
// loopback: 127.0.0.2 plays the public network, by CONCORDAT_ALLOWED_NETWORKS, and 127.0.0.1 the
// inside.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Answer, ParticipantRef } from '@concordat/engine';
import type { Resolve } from '@concordat/participants';
import {
  Directory,
  HttpParticipants,
  parseRegistry,
  UrlAllowList,
  WebhookSender,
} from '@concordat/participants';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { participantsAt, question, serve } from './support.js';

const OUTSIDE = '127.0.0.2';
const INSIDE = '127.0.0.1';
const NAME = 'bank.example';

interface Place {
  readonly server: Server;
  /** So that the next call makes a connection of its own. */
  hangsUp: boolean;
  hits: number;
}

function placeSaying(vote: string): Place {
  const place: Place = {
    hits: 0,
    hangsUp: true,
    server: createServer((_, response) => {
      place.hits += 1;
      if (place.hangsUp) response.setHeader('connection', 'close');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ vote, result: vote }));
    }),
  };
  afterAll(() => {
    place.server.closeAllConnections();
    place.server.close();
  });
  return place;
}

async function portAt({ server }: Place, host: string, port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const inside = placeSaying('prepared');
const outside = placeSaying('prepared');
const port = await portAt(inside, INSIDE);
await portAt(outside, OUTSIDE, port);

beforeEach(() => {
  inside.hits = 0;
  outside.hits = 0;
});

const allowList = UrlAllowList.of([`http://*.example:*`], [`${OUTSIDE}/32`]);

/** Each resolution gets the next answer, again and again. */
function flipping(...answers: readonly (readonly string[])[]): { resolve: Resolve; asked: number } {
  const dns = {
    asked: 0,
    resolve: ((_, __, callback) => {
      const addresses = answers[dns.asked % answers.length] ?? [];
      dns.asked += 1;
      queueMicrotask(() => {
        callback(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
      });
    }) satisfies Resolve,
  };
  return dns;
}

/** `bank` is registered at the very URL that is given inline. */
function participants(resolve: Resolve, list = allowList): HttpParticipants {
  const registry = parseRegistry({ bank: { url: `http://${NAME}:${port}` } }, {});
  const caller = new HttpParticipants(new Directory(registry, list), undefined, undefined, resolve);
  onTestFinished(() => caller.close());
  return caller;
}

async function ask(caller: HttpParticipants, participant: ParticipantRef): Promise<Answer> {
  return caller.ask(question('prepare', { participant, timeoutMs: 5_000 }));
}

const inline = { url: `http://${NAME}:${port}` };
const voted = { type: 'reply', reply: { type: 'prepared' } };

function doubt(reason: RegExp): unknown {
  return { type: 'in-doubt', reason: expect.stringMatching(reason) };
}

const REFUSED =
  /^the host bank\.example leads into 127\.0\.0\.0\/8, which is not in CONCORDAT_ALLOW/;

describe('a name whose address changes', () => {
  test('[23] is refused whenever it leads inside, and what was judged is what is called', async () => {
    const dns = flipping([OUTSIDE], [INSIDE]);
    const caller = participants(dns.resolve);
    for (let round = 0; round < 5; round += 1) {
      expect(await ask(caller, inline)).toMatchObject(voted);
      expect(await ask(caller, inline)).toEqual(doubt(REFUSED));
    }
    expect(dns.asked).toBe(10); // once for each connection: there is no second look to lie to
    expect([outside.hits, inside.hits]).toEqual([5, 0]);
  });

  test('[23] is refused if it has both addresses at once, in either order', async () => {
    const dns = flipping([OUTSIDE, INSIDE], [INSIDE, OUTSIDE]);
    const caller = participants(dns.resolve);
    expect(await ask(caller, inline)).toEqual(doubt(REFUSED));
    expect(await ask(caller, inline)).toEqual(doubt(REFUSED));
    expect([outside.hits, inside.hits]).toEqual([0, 0]);
  });

  test('[23] is refused for webhooks too', async () => {
    const sender = new WebhookSender(allowList, flipping([OUTSIDE], [INSIDE]).resolve);
    onTestFinished(() => sender.close());
    const message = { url: inline.url, headers: {}, body: '{}', timeoutMs: 5_000 };
    expect(await sender.send(message)).toEqual({ type: 'answered', status: 200 });
    const second = await sender.send(message);
    expect(second).toEqual({ type: 'failed', reason: expect.stringMatching(REFUSED) });
    expect([outside.hits, inside.hits]).toEqual([1, 0]);
  });

  test('[23] does lead inside without the guard: a registered one goes where its name leads', async () => {
    const caller = participants(flipping([INSIDE]).resolve);
    expect(await ask(caller, 'bank')).toMatchObject(voted);
    expect(inside.hits).toBe(1);
  });

  test('[23] is refused inline though a registered one has a connection to it', async () => {
    inside.hangsUp = false;
    onTestFinished(() => void (inside.hangsUp = true));
    const caller = participants(flipping([INSIDE]).resolve);
    expect(await ask(caller, 'bank')).toMatchObject(voted);
    expect(await ask(caller, inline)).toEqual(doubt(REFUSED));
    expect(inside.hits).toBe(1);
  });
});

describe('a metadata service', () => {
  const METADATA = /leads to a metadata service, which is never called$/;

  test.each(['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254'])(
    '[22] at %s is called for nobody, registered or not',
    async (address) => {
      const family = address.includes(':') ? 6 : 4;
      const resolve: Resolve = (_, __, callback) => callback(null, [{ address, family }]);
      const open = UrlAllowList.of(['http://*.example:*'], ['169.254.0.0/16', 'fd00::/8']);
      const caller = participants(resolve, open);
      expect(await ask(caller, 'bank')).toEqual(doubt(METADATA));
      expect(await ask(caller, inline)).toEqual(doubt(METADATA));
    },
  );

  test.each(['169.254.169.254', '2852039166', '0xa9.0xfe.0xa9.0xfe', '[::ffff:169.254.169.254]'])(
    '[22] written as %s is neither registered nor on an allow-list',
    (host) => {
      const url = `http://${host}/latest`;
      const refused = /"(bank|http.*)" .*leads to a metadata service, which is never called/;
      expect(() => parseRegistry({ bank: { url } }, {})).toThrow(refused);
      expect(() => UrlAllowList.of([url])).toThrow(refused);
    },
  );
});

describe('what an initiator gives for a URL', () => {
  /** By its looks: where it leads is seen at the call. */
  const PERMITTED = `http://127.0.0.1.example:${port}`;
  const hosts =
    '127.0.0.1 2130706433 0177.0.0.1 0x7f.1 127.1 0 0.0.0.0 localhost [::1] [::] ' +
    '[::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] 127.0.0.1. 127.0.0.1.example ' +
    '10.0.0.1 169.254.169.254 192.168.0.1';
  const given = hosts.split(' ').map((host) => ['22', `http://${host}:${port}`]);
  const tricks = [
    `http://${NAME}@127.0.0.1:${port}`,
    `http://user:secret@${NAME}:${port}`,
    `http://${NAME}:${port}/a\r\nHost: inside`,
    `http://${NAME}:${port}/%0d%0aHost:%20inside`,
    `http://${NAME}:${port}\\@127.0.0.1`,
    `http://${NAME}#@127.0.0.1:${port}`,
    'file:///etc/passwd',
    'ftp://bank.example/',
    'gopher://bank.example/',
    'data:application/json,{"vote":"prepared"}',
    'unix:/var/run/docker.sock',
    'javascript:1',
  ].map((url) => ['26', url]);

  test.each([...given, ...tricks])(
    '[%s] is refused at registration, at the call and for webhooks: %j',
    async (_, url) => {
      const dns = flipping([INSIDE]);
      const caller = participants(dns.resolve);
      const sender = new WebhookSender(allowList, dns.resolve);
      onTestFinished(() => sender.close());
      const found = new Directory(new Map(), allowList).find({ url });
      expect(found.ok).toBe(url === PERMITTED);
      expect(sender.faultOf(url) === undefined).toBe(url === PERMITTED);
      const answer = await ask(caller, { url });
      expect(answer).toEqual(doubt(url === PERMITTED ? /leads into 127/ : /^the URL /));
      const message = { url, headers: {}, body: '{}', timeoutMs: 5_000 };
      expect(await sender.send(message)).toMatchObject({ type: 'failed' });
      expect(inside.hits).toBe(0);
    },
  );
});

describe('a redirect to the inside', () => {
  test.each([301, 302, 303, 307, 308])('[24] by %i is not followed', async (status) => {
    for (const to of [
      `http://${INSIDE}:${port}/prepare`,
      'http://169.254.169.254/',
      '//localhost',
    ]) {
      const url = await serve((response) => response.writeHead(status, { location: to }).end());
      const answer = await ask(participantsAt(url), { url });
      expect(answer).toEqual(doubt(new RegExp(`^HTTP ${status}$`)));
      const sender = new WebhookSender(UrlAllowList.of(['http://127.0.0.1:*']));
      onTestFinished(() => sender.close());
      const message = { url, headers: {}, body: '{}', timeoutMs: 5_000 };
      expect(await sender.send(message)).toEqual({ type: 'answered', status });
    }
    expect(inside.hits).toBe(0);
  });
});

test('[25] a gzip bomb of 900 MiB stays packed, and what it says is in doubt', async () => {
  const MIB = 1_048_576;
  const packed = gzipSync(Buffer.alloc(MIB, ' '));
  const bomb = Buffer.concat(Array.from({ length: 900 }, () => packed));
  expect(bomb.length).toBeLessThan(MIB); // below the cap on its way: only unpacking it would harm
  const peakBefore = process.resourceUsage().maxRSS;
  for (const encoding of ['gzip', 'x-gzip', 'gzip, gzip']) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const url = await serve((response) => response.writeHead(200, headers).end(bomb));
    expect(await ask(participantsAt(url), 'bank')).toEqual(doubt(/not UTF-8/));
  }
  const grownKib = process.resourceUsage().maxRSS - peakBefore;
  expect(grownKib).toBeLessThan(300 * 1_024);
});
