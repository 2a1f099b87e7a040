import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Participants, Question } from '@concordat/engine';
import { parseRegistry, UrlAllowList } from '@concordat/participants';
import type { Registry } from '@concordat/participants';
import { asBranchId, asGtid } from '@concordat/wire';
import { expect, onTestFinished, test } from 'vitest';
import type { OpenParticipants, ParticipantsOptions } from './open-participants.js';
import { openParticipants } from './open-participants.js';

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1';

function openOn(registry: Registry, more: Partial<ParticipantsOptions> = {}): OpenParticipants {
  const opened = openParticipants({
    registry,
    allowedUrls: UrlAllowList.of([]),
    cluster: '0a1b2c3d',
    redisUrl: undefined,
    secret: undefined,
    onTrouble: () => undefined,
    ...more,
  });
  onTestFinished(() => opened.close());
  return opened;
}

function question(participant: string): Question {
  const call = { branch: asBranchId('a'), operation: 'prepare' as const, token: 1 };
  return {
    gtid: asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'),
    definition: { protocol: '2pc', traceparent: null },
    call,
    participant,
    payload: null,
    result: undefined,
    results: undefined,
    roster: undefined,
    timeoutMs: 1_000,
  };
}

test('whoever is gone costs nothing at boot, and is in doubt when asked; databases are looked after', async () => {
  const registry = parseRegistry(
    {
      shop: { url: `http://${NOWHERE}` },
      orders: { url: `postgres://app@${NOWHERE}/orders` },
      stock: { url: `mysql://app@${NOWHERE}/stock` },
      mail: { queue: 'mail' },
    },
    {},
  );
  const { participants, resourceManagers } = openOn(registry);
  expect(resourceManagers.map(({ name, kind }) => [name, kind])).toEqual([
    ['orders', 'postgres'],
    ['stock', 'mysql'],
  ]);
  for (const name of [...registry.keys(), 'stranger']) {
    expect(await participants.ask(question(name))).toHaveProperty('type', 'in-doubt');
  }
});

test('a participant within this process is asked there', async () => {
  const inProcess: Participants = {
    ask: () => Promise.resolve({ type: 'reply', reply: { type: 'prepared' } }),
  };
  const registry: Registry = new Map([['here', { kind: 'in-process' }]]);
  const { participants } = openOn(registry, { inProcess });
  expect(await participants.ask(question('here'))).toMatchObject({ reply: { type: 'prepared' } });
});

test.each([
  [undefined, undefined],
  ['a secret of more than enough characters'.replaceAll(' ', '-'), /^t=\d+,v1=[0-9a-f]{64}$/],
])('with the secret %j, a call over HTTP is signed accordingly', async (secret, signature) => {
  const server = createServer((_request, response) => void response.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const registry = parseRegistry({ shop: { url: `http://127.0.0.1:${port}` } }, {});
  const { participants } = openOn(registry, { secret });
  const asked = once(server, 'request') as Promise<[IncomingMessage]>;
  expect(await participants.ask(question('shop'))).toMatchObject({ type: 'reply' });
  const found = (await asked)[0].headers['concordat-signature'];
  if (signature === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(signature);
});
