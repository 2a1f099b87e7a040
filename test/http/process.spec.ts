// The coordinator as a process: how it starts, what it logs, how it ends. The first and the last
// test take what is shipped, the others the same in one file.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, inject, test } from 'vitest';
import type { CoordinatorProcess, Exit } from '../support/coordinator.js';
import { SHIPPED, spawnCoordinator, startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api, problemIn, transactionIn } from './api.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const environment = { DATABASE_URL: databaseUrl, CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*' };
const dir = await mkdtemp(path.join(tmpdir(), 'concordat-process-'));
afterAll(() => rm(dir, { recursive: true }));

const sagaAt = (url: string, timeoutMs = 60_000): object => ({
  protocol: 'saga',
  branches: [{ id: 'a', participant: { url }, timeoutMs }],
});

/** By itself: where stopping takes it too long it ends with 1, in time for any orchestrator. */
function endOf(coordinator: CoordinatorProcess): Promise<Exit> {
  return eventually('it has ended', () => coordinator.hasExited && coordinator.exited);
}

describe('SIGTERM', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('or SIGINT ends an idle one: %s, 0', async (signal) => {
    const coordinator = await startCoordinator(environment, SHIPPED);
    coordinator.kill(signal);
    expect(await endOf(coordinator)).toEqual({ code: 0, signal: null });
  });

  test('lets what is in flight end first, and answers whoever waits', async () => {
    const coordinator = await startCoordinator(environment);
    const bank = participants
      .add()
      .answers('execute', { status: 425, headers: { 'retry-after': '0' } });
    const waiting = new Api(coordinator.url).post('/v1/transactions', sagaAt(bank.url), {
      prefer: 'wait=60',
    });
    await eventually('it was asked', () => bank.calls().length > 0);
    coordinator.kill('SIGTERM');
    bank.answers('execute', { status: 200 });
    const answer = await waiting;
    expect(answer.status).toBe(201);
    const { gtid, phase } = transactionIn(answer);
    expect(await endOf(coordinator)).toMatchObject({ code: 0 });
    const ended = await pool.query('select from concordat.ended_transaction where gtid = $1', [
      gtid,
    ]);
    expect(ended.rowCount).toBe(phase === 'ended' ? 1 : 0);
  });

  test('answers whoever waits for what does not end, and hands that over', async () => {
    const coordinator = await startCoordinator(environment);
    const bank = participants.add().answers('execute', 'silence', { status: 200 });
    const waiting = new Api(coordinator.url).post('/v1/transactions', sagaAt(bank.url), {
      prefer: 'wait=60',
    });
    await eventually('it was asked', () => bank.calls().length > 0);
    coordinator.kill('SIGTERM');
    const answer = await waiting;
    expect(transactionIn(answer)).toMatchObject({ phase: 'forward' });
    expect(await endOf(coordinator)).toMatchObject({ code: 0 });
    // The call had a minute: that another coordinator asks now is because it was handed over.
    const heir = await startCoordinator(environment);
    const { gtid } = transactionIn(answer);
    expect(await new Api(heir.url).untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    await heir.stop();
  });

  test('refuses what is new while it is stopping: 503, and not ready', async () => {
    const coordinator = await startCoordinator(environment);
    const api = new Api(coordinator.url);
    const bank = participants.add().answers('execute', 'silence');
    await api.begin(sagaAt(bank.url), { prefer: 'respond-async' });
    coordinator.kill('SIGTERM');
    await eventually('it is stopping', () => coordinator.logText.includes('"stopping"'));
    const begin = await api.post('/v1/transactions', sagaAt(bank.url));
    expect(problemIn(begin)).toEqual({ status: 503, kind: 'stopping' });
    expect(begin.headers.get('retry-after')).toBe('1');
    const ready = await api.get('/health/ready');
    expect(problemIn(ready)).toEqual({ status: 503, kind: 'not-ready' });
    expect(ready.body).toMatchObject({ reasons: ['the coordinator is stopping'] });
    expect(await endOf(coordinator)).toMatchObject({ code: 0 });
    expect(bank.calls()).toHaveLength(1);
  });

  test.each(['cut', 'mute'] as const)('ends it with Postgres gone: %s', async (gone) => {
    const proxy = await FlakyProxy.before(databaseUrl);
    const coordinator = await startCoordinator({ ...environment, DATABASE_URL: proxy.url });
    const bank = participants.add().answers('execute', 'silence');
    const api = new Api(coordinator.url);
    await api.begin(sagaAt(bank.url), { prefer: 'respond-async' });
    await proxy[gone]();
    const asked = api.post('/v1/transactions', sagaAt(bank.url)).catch(() => undefined);
    coordinator.kill('SIGTERM');
    expect(await endOf(coordinator)).toMatchObject({ signal: null });
    await asked;
  });

  test.each(['cut', 'mute'] as const)('ends it with Redis gone: %s', async (gone) => {
    const proxy = await FlakyProxy.before(inject('redisUrl'));
    const coordinator = await startCoordinator({ ...environment, REDIS_URL: proxy.url });
    const api = new Api(coordinator.url);
    await eventually('wakeups are healthy', async () => {
      const { text } = await api.get('/health/ready');
      return text.includes('"ready"');
    });
    const bank = participants.add().answers('execute', { status: 500 });
    await api.begin(sagaAt(bank.url), { prefer: 'respond-async' });
    await proxy[gone]();
    coordinator.kill('SIGTERM');
    expect(await endOf(coordinator)).toMatchObject({ signal: null });
  });

  test('a second time ends it at once', async () => {
    const coordinator = await startCoordinator(environment);
    const api = new Api(coordinator.url);
    const bank = participants.add().answers('execute', 'silence');
    await api.begin(sagaAt(bank.url), { prefer: 'respond-async' });
    coordinator.kill('SIGTERM');
    await eventually('it is stopping', () => coordinator.logText.includes('"stopping"'));
    coordinator.kill('SIGTERM');
    expect(await endOf(coordinator)).toEqual({ code: 1, signal: null });
  });
});

describe('a bad configuration', () => {
  test('ends it with a line for each bad variable, and no values', async () => {
    const coordinator = spawnCoordinator({
      PORT: 'http',
      DATABASE_URL: 'mysql://root:hush@db/x',
      REDIS_URL: 'hush',
      LOG_LEVEL: 'loud',
      CONCORDAT_IN_FLIGHT_MAX: '-1',
    });
    expect(await coordinator.exited).toMatchObject({ code: 1 });
    const named = coordinator.errors
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(new Set(named)).toEqual(
      new Set(['CONCORDAT_IN_FLIGHT_MAX', 'DATABASE_URL', 'LOG_LEVEL', 'PORT', 'REDIS_URL']),
    );
    expect(coordinator.errors + coordinator.logText).not.toContain('hush');
  });

  test('such as no database at all', async () => {
    const coordinator = spawnCoordinator({});
    expect(await coordinator.exited).toMatchObject({ code: 1 });
    expect(coordinator.errors).toBe('DATABASE_URL is required\n');
  });

  test('such as participants that cannot be read', async () => {
    const broken = path.join(dir, 'broken.json');
    await writeFile(broken, '{ "bank": { "url": "ftp://x" } }');
    const coordinator = spawnCoordinator({ ...environment, CONCORDAT_PARTICIPANTS: broken });
    expect(await coordinator.exited).toMatchObject({ code: 1 });
    expect(coordinator.errors).toMatch(/^CONCORDAT_PARTICIPANTS: "bank" has a "url" that .*\n$/);
  });

  test('such as a port that is taken', async () => {
    const first = await startCoordinator(environment);
    const { port } = new URL(first.url);
    const second = spawnCoordinator({ ...environment, PORT: port });
    expect(await second.exited).toMatchObject({ code: 1 });
    expect(second.errors).toContain(port);
    await first.stop();
  });
});

describe('the log', () => {
  test('is JSON, has the gtid on every line about a transaction, and no payload or secret', async () => {
    const CONCORDAT_API_KEY = 'ck_canary-of-the-key-that-is-in-no-log-0123456789';
    const settings = { ...environment, LOG_LEVEL: 'debug', CONCORDAT_API_KEY };
    const coordinator = await startCoordinator(settings);
    const api = new Api(coordinator.url, CONCORDAT_API_KEY);
    const bank = participants.add().answers('execute', { status: 500 }, { status: 200 });
    const no = participants.add().answers('execute', { status: 409, body: { reason: 'broke' } });
    const { gtid } = await api.begin(
      {
        protocol: 'saga',
        metadata: { secret: 'canary-metadata' },
        branches: [
          { id: 'a', participant: { url: bank.url }, payload: { card: 'canary-payload' } },
          { id: 'b', participant: { url: no.url }, retry: { attemptsMax: 1 } },
        ],
      },
      { 'idempotency-key': 'canary-key' },
    );
    await api.as('ck_canary-of-a-key-that-nobody-has-given').get(`/v1/transactions/${gtid}`);
    await api.untilEnded(gtid);
    const lines = await eventually('the end is logged', () => {
      const about = coordinator.log.filter((line) => line['gtid'] === gtid);
      return about.some(({ msg }) => msg === 'ended') && about;
    });
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          level: 'info',
          msg: 'answered',
          branch: 'a',
          answer: 'in-doubt',
        }),
        expect.objectContaining({
          level: 'debug',
          msg: 'answered',
          branch: 'b',
          answer: 'refused',
        }),
        expect.objectContaining({ level: 'info', msg: 'ended', outcome: 'rolled-back' }),
      ]),
    );
    expect(coordinator.logText).not.toContain('canary');
    expect(coordinator.logText).not.toContain(`:${new URL(databaseUrl).password}@`);
  });

  test('says nothing of what goes well', async () => {
    const coordinator = await startCoordinator(environment);
    const { gtid } = await new Api(coordinator.url).begin(sagaAt(participants.add().url));
    await coordinator.stop();
    expect(coordinator.logText).not.toContain(gtid);
  });
});

test('DATABASE_URL alone is enough, and the ready line names where requests are served', async () => {
  const coordinator = await startCoordinator({ DATABASE_URL: databaseUrl }, SHIPPED);
  expect(coordinator.errors).toBe(`ready ${coordinator.url}\n`);
  expect(coordinator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const lines = coordinator.logText.trim().split('\n');
  for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  expect(await new Api(coordinator.url).get('/health/ready')).toHaveProperty('status', 200);
});
