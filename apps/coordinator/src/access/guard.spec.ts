import type { Identified, Principal } from '@concordat/access';
import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import pino from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ProblemError } from '../http/problems.js';
import { Guard } from './guard.js';

const NOBODY: Identified = { type: 'nobody' };

function guarded(identified: Identified = NOBODY): {
  readonly app: FastifyInstance;
  readonly log: () => string;
  readonly attended: readonly boolean[];
} {
  let log = '';
  const attended: boolean[] = [];
  const logger = pino({}, { write: (line) => (log += line) });
  const app = fastify();
  onTestFinished(() => app.close());
  app.setErrorHandler((error, _request, reply) =>
    error instanceof ProblemError
      ? reply.status(error.document().status).send(error.document())
      : reply.status(500).send(),
  );
  const guard = new Guard({
    authenticator: {
      identify: async ({ isAttended }) => {
        attended.push(isAttended);
        return identified;
      },
    },
    requestsPerSecondMax: 100,
    publicUrl: undefined,
    logger,
  });
  guard.standBefore(app);
  return { app, log: () => log, attended };
}

function known(grants: Principal['grants']): Identified {
  return { type: 'known', by: 'bearer', principal: { kind: 'key', id: 'i', name: 'n', grants } };
}

describe('[9] a route that nobody has listed', () => {
  test('ends the boot, and is named', async () => {
    const { app } = guarded();
    app.get('/v1/new', () => 'open');
    await expect(Promise.resolve(app.ready())).rejects.toThrow(/GET \/v1\/new/);
  });

  test('is refused though a route of the same path is listed for another method', async () => {
    const { app } = guarded();
    app.get('/health/live', () => 'live');
    app.put('/health/live', () => 'dead');
    await expect(Promise.resolve(app.ready())).rejects.toThrow(/PUT \/health\/live/);
  });

  test('is served if it brings its rule', async () => {
    const { app } = guarded(known([{ tenant: 'a', roles: ['auditor'] }]));
    const rule = { permission: 'audit.read', of: 'tenant' } as const;
    app.get('/v1/new', { config: { rule } }, () => 'audited');
    const wider = { permission: 'audit.read', of: 'installation' } as const;
    app.get('/v1/wider', { config: { rule: wider } }, () => 'audited');
    const other = { permission: 'access.manage', of: 'tenant' } as const;
    app.get('/v1/other', { config: { rule: other } }, () => 'managed');
    expect((await app.inject('/v1/new')).body).toBe('audited');
    expect((await app.inject('/v1/wider')).statusCode).toBe(403);
    expect((await app.inject('/v1/other')).json()).toMatchObject({ permission: 'access.manage' });
  });
});

test('nobody is told whether a path leads anywhere', async () => {
  const { app, log } = guarded();
  app.get('/metrics', () => 'numbers');
  const [there, nowhere] = [await app.inject('/metrics'), await app.inject('/nowhere')];
  expect([there.statusCode, nowhere.statusCode]).toEqual([401, 401]);
  expect(there.body).toBe(nowhere.body);
  expect(log()).toContain('no credential');
});

test('an authenticator that fails lets nobody in', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  const guard = new Guard({
    authenticator: { identify: () => Promise.reject(new Error('the database is away')) },
    requestsPerSecondMax: 100,
    publicUrl: undefined,
    logger: pino({ level: 'silent' }),
  });
  guard.standBefore(app);
  app.get('/metrics', () => 'numbers');
  const answer = await app.inject('/metrics');
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('numbers');
});

test('[38] a path that is written otherwise is counted like any other', async () => {
  const { app } = guarded(known([{ tenant: '*', roles: ['reader'] }]));
  const rule = { permission: 'read', of: 'tenant' } as const;
  app.get('/v1/new', { config: { rule } }, () => 'read');
  app.get('/metrics', () => 'metrics');
  const statuses = async (path: string): Promise<ReadonlySet<number>> => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => app.inject(path)));
    return new Set(answers.map(({ statusCode }) => statusCode));
  };
  expect(await statuses('/metrics')).toEqual(new Set([200]));
  expect(await statuses('/%76%31/new')).toEqual(new Set([200, 429]));
});

test('[8] neither what a page asks for on its own nor a stream keeps a session alive', async () => {
  const { app, attended } = guarded(known([{ tenant: '*', roles: ['reader'] }]));
  app.get('/metrics', () => 'metrics');
  for (const headers of [{}, { 'concordat-background': 'true' }, { accept: 'text/event-stream' }]) {
    await app.inject({ url: '/metrics', headers });
  }
  expect(attended).toEqual([true, false, false]);
});
