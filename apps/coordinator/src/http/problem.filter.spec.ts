import { EntryRejected, JournalUnavailable, Overloaded } from '@concordat/engine';
import { InvariantViolation } from '@concordat/protocols';
import type { ArgumentsHost } from '@nestjs/common';
import pino from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Known } from '../access/caller.js';
import { Guard } from '../access/guard.js';
import type { Parts } from '../app.module.js';
import { AllowedMethods } from './allowed-methods.js';
import { fastifyAdapter } from './fastify.js';
import { ProblemFilter } from './problem.filter.js';
import { httpServer } from './server.js';

const ANYBODY: Known = {
  type: 'known',
  by: 'bearer',
  principal: {
    kind: 'setting',
    id: 'anybody',
    name: 'anybody',
    grants: [{ tenant: '*', roles: ['reader'] }],
  },
};

const LIMITS = { bodyBytesMax: 1_000, isStopping: () => false };

/** What a client is told, and what is logged, when the engine fails with `error`. */
async function failingWith(error: Error): Promise<{
  status: number;
  headers: Readonly<Record<string, unknown>>;
  text: string;
  log: string;
}> {
  let log = '';
  const logger = pino({}, { write: (line) => (log += line) });
  const engine = { find: () => Promise.reject(error) };
  const guard = new Guard({
    authenticator: { identify: () => Promise.resolve(ANYBODY) },
    requestsPerSecondMax: 10,
    publicUrl: undefined,
    logger,
  });
  const parts = { engine, access: { guard } } as unknown as Parts;
  const app = await httpServer(parts, { ...LIMITS, logger, die: died, guard });
  onTestFinished(() => app.close());
  await app.init();
  const answer = await app.inject({ method: 'GET', url: '/v1/transactions/x' });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, log };
}

function died(): never {
  throw new Error('died');
}

test('an unexpected error is a 500 that says nothing but where the log says more', async () => {
  const { status, headers, text, log } = await failingWith(new TypeError('select canary from x'));
  expect(status).toBe(500);
  expect(headers['content-type']).toBe('application/problem+json');
  const { incident, ...problem } = JSON.parse(text) as { incident: string };
  expect(problem).toMatchObject({ type: 'urn:concordat:problem:internal', status: 500 });
  expect(text).not.toMatch(/canary|TypeError|\.ts|\.js/);
  const line = log.split('\n').find((one) => one.includes(incident));
  expect(line).toContain('select canary from x');
  expect(line).toContain('"level":50');
});

test('what the journal can never hold is not the fault of the client: 500', async () => {
  expect(await failingWith(new EntryRejected('no'))).toMatchObject({ status: 500 });
});

describe('operating errors are 503, with when to try again', () => {
  test.each([
    [new Overloaded('10 are in flight', 1_500), 'overloaded', '2'],
    [new JournalUnavailable('ECONNREFUSED canary'), 'journal-unavailable', '1'],
  ])('%s', async (error, kind, retryAfter) => {
    const { status, headers, text, log } = await failingWith(error);
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe(retryAfter);
    expect(text).toContain(`urn:concordat:problem:${kind}`);
    expect(text).not.toContain('canary');
    expect(log.includes('canary')).toBe(error.message.includes('canary'));
  });
});

test('a violated invariant ends the process, and is not answered', () => {
  const logger = pino({ level: 'silent' });
  const allowedMethods = new AllowedMethods(fastifyAdapter(LIMITS).getInstance());
  const filter = new ProblemFilter({ ...LIMITS, logger, allowedMethods, die: died });
  expect(() => filter.catch(new InvariantViolation('x'), {} as ArgumentsHost)).toThrow('died');
});
