// Streams of events, whose listeners may be gone, or may not listen.
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { get } from 'node:http';
import type { Principal } from '@concordat/access';
import type { OperatorRequest, ServerSentEvent } from '@concordat/operations';
import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { remember } from '../access/caller.js';
import { serveOperations } from './serve-operations.js';

const principal: Principal = { kind: 'key', id: 'k', name: 'k', grants: [] };
const AT = '/v1/operations/events';

interface Served {
  readonly app: FastifyInstance;
  readonly asked: OperatorRequest[];
  /** How often it was asked whether a listener may still listen. */
  readonly looks: () => number;
  readonly open: () => Promise<ClientRequest>;
}

async function serving(events: () => AsyncIterable<ServerSentEvent>): Promise<Served> {
  const app = fastify();
  onTestFinished(() => app.close());
  const asked: OperatorRequest[] = [];
  let looks = 0;
  app.addHook('onRequest', async (request) => {
    remember(request, { type: 'known', by: 'bearer', principal });
  });
  const route = { method: 'GET', permission: 'read', of: 'tenant', summary: '' } as const;
  const answer = async (request: OperatorRequest) => {
    asked.push(request);
    return { status: 200 as const, events: events() };
  };
  const stillAdmits = async (): Promise<boolean> => ++looks > 0;
  const stopping = new AbortController().signal;
  serveOperations(app, [{ ...route, path: AT, answer }], stopping, stillAdmits);
  const open = async (): Promise<ClientRequest> => {
    const client = get(`${app.listeningOrigin}${AT}`);
    client.on('error', () => undefined); // it hangs up
    onTestFinished(() => void client.destroy());
    return client;
  };
  return { app, asked, looks: () => looks, open };
}

test('who has gone before it is known who he is, is not listened for', async () => {
  const { app, asked, looks, open } = await serving(async function* () {
    yield { event: 'hello', data: {} };
  });
  const came = Promise.withResolvers<void>();
  app.addHook('onRequest', async (_request, reply) => {
    came.resolve();
    await once(reply.raw, 'close');
  });
  await app.listen();
  const client = await open();
  await came.promise;
  client.destroy();
  await expect.poll(() => asked.length).toBe(1);
  expect(asked[0]?.signal.aborted).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // longer than from look to look
  expect(looks()).toBe(0);
});

test('whoever does not read is not told on and on', async () => {
  const MANY = 2_000;
  const data = 'x'.repeat(65_536);
  let told = 0;
  let isOver = false;
  const { app, open } = await serving(async function* () {
    try {
      while (told < MANY) {
        told += 1;
        yield { event: 'changed', data };
      }
    } finally {
      isOver = true;
    }
  });
  await app.listen();
  const client = await open();
  const [response] = (await once(client, 'response')) as [{ pause: () => void }];
  response.pause();
  let before = -1;
  const rests = (): boolean => {
    const isSame = told === before;
    before = told;
    return isSame;
  };
  await expect.poll(rests, { interval: 200, timeout: 10_000 }).toBe(true);
  expect(told).toBeLessThan(MANY);
  client.destroy();
  await expect.poll(() => isOver).toBe(true);
});
