// The guard by itself, below the allow-list: a real server on loopback, in every spelling of its
// address, and names that a resolver of ours leads to it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Exchange } from './exchange.js';
import { openAgent, post } from './exchange.js';
import type { Resolve } from './guarded-connector.js';
import { UrlAllowList } from './url-allow-list.js';

let connections = 0;
let port = 0;
const server = createServer((_, response) => response.end('inside'));
server.on('connection', () => (connections += 1));

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Names are never in DNS here. */
function leadingTo(...addresses: readonly string[]): Resolve {
  return (_, __, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    queueMicrotask(() => callback(null, found));
  };
}

async function call(
  host: string,
  { patterns = ['http://other.example'], networks = [] as string[], resolve = leadingTo() } = {},
): Promise<Exchange> {
  const agent = openAgent(UrlAllowList.of(patterns, networks).addressRule, resolve);
  onTestFinished(() => agent.destroy());
  const request = { path: '/', headers: {}, body: '', timeoutMs: 5_000 };
  return post(agent, { ...request, origin: `http://${host}:${port}` });
}

function refused(rule: RegExp): unknown {
  return { type: 'failed', reason: expect.stringMatching(rule) };
}

const LOOPBACK =
  /^the host \S+ leads into (127\.0\.0\.0\/8|::\/96|0\.0\.0\.0\/8), which is not in /;

describe('[22] an address', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.255.255.254',
    '0.0.0.0',
    '0',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
  ])('of this machine, written as %s, is refused before it is dialled', async (host) => {
    const before = connections;
    expect(await call(host)).toEqual(refused(LOOPBACK));
    expect(connections).toBe(before);
  });

  test('is dialled if a pattern names it: so the server is there to be found', async () => {
    for (const host of ['127.0.0.1', '2130706433', '0177.0.0.1']) {
      const answer = await call(host, { patterns: ['http://127.0.0.1:*'] });
      expect(answer).toMatchObject({ type: 'answered', body: 'inside' });
    }
  });

  test('is dialled if the operator has named its network, and the one beside it is not', async () => {
    const networks = ['127.0.0.1/32'];
    expect(await call('127.0.0.1', { networks })).toMatchObject({ type: 'answered' });
    expect(await call('127.0.0.2', { networks })).toEqual(refused(LOOPBACK));
  });

  test('of a metadata service is refused, though its network was named', async () => {
    const networks = ['169.254.0.0/16'];
    for (const host of ['169.254.169.254', '2852039166', '[::ffff:a9fe:a9fe]']) {
      expect(await call(host, { networks })).toEqual(refused(/leads to a metadata service/));
    }
  });
});

describe('[22] a name', () => {
  const patterns = ['http://bank.example:*', 'http://*.example:*'];

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', 'fe80::1%1'])(
    'that leads to %s is refused; the reason names the rule and not the address',
    async (address) => {
      const before = connections;
      const answer = await call('bank.example', { patterns, resolve: leadingTo(address) });
      expect(answer).toEqual(refused(/^the host bank\.example leads into \S+\/\d+, which is not/));
      expect(JSON.stringify(answer)).not.toContain(address);
      expect(connections).toBe(before);
    },
  );

  test('is refused for one bad address among good ones, wherever it stands', async () => {
    const [good, bad] = ['127.0.0.1', '127.0.0.2'] as const;
    const networks = [`${good}/32`];
    const before = connections;
    for (const found of [
      [good, bad],
      [bad, good],
      [good, good, good, bad],
    ]) {
      const answer = await call('bank.example', {
        patterns,
        networks,
        resolve: leadingTo(...found),
      });
      expect(answer).toEqual(refused(LOOPBACK));
    }
    expect(connections).toBe(before);
    const both = { patterns, networks, resolve: leadingTo(good, good) };
    expect(await call('bank.example', both)).toMatchObject({ type: 'answered' });
  });

  test('that leads to a metadata service is refused, though its network was named', async () => {
    const resolve = leadingTo('169.254.169.254');
    const answer = await call('bank.example', { patterns, networks: ['169.254.0.0/16'], resolve });
    expect(answer).toEqual(refused(/^the host bank\.example leads to a metadata service/));
  });

  test('localhost is this machine if a pattern says so, and nothing else', async () => {
    const named = { patterns: ['http://localhost:*'] };
    const loopback = { ...named, resolve: leadingTo('127.0.0.1') };
    expect(await call('localhost', loopback)).toMatchObject({ type: 'answered' });
    expect(await call('localhost', { resolve: leadingTo('127.0.0.1') })).toEqual(refused(LOOPBACK));
    const elsewhere = { ...named, resolve: leadingTo('10.0.0.1') };
    expect(await call('localhost', elsewhere)).toEqual(refused(/leads into 10\.0\.0\.0\/8/));
  });

  test('below localhost does not name it', async () => {
    const below = { patterns: ['http://*.localhost:*'], resolve: leadingTo('127.0.0.1') };
    expect(await call('bank.localhost', below)).toEqual(refused(LOOPBACK));
    expect(await call('localhost', below)).toEqual(refused(LOOPBACK));
  });

  test('that is not there is no refusal', async () => {
    const resolve: Resolve = (_, __, callback) => callback(new Error('ENOTFOUND'), []);
    expect(await call('bank.example', { patterns, resolve })).toEqual(refused(/^ENOTFOUND$/));
  });
});
