// Too much to do, Postgres or Redis gone, several coordinators at once: what initiators are told.
import { describe, expect, inject, test } from 'vitest';
import { spawnCoordinator, startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api, problemIn, transactionIn } from './api.js';

const { databaseUrl } = await databaseFromTemplate();
const { databaseUrl: emptyUrl } = await emptyDatabase();
const participants = await ScriptedParticipants.open();
const CONCORDAT_ALLOWED_URLS = 'http://127.0.0.1:*';

const sagaAt = (url: string): object => ({
  protocol: 'saga',
  branches: [{ id: 'a', participant: { url }, retry: { firstDelayMs: 50, delayMaxMs: 200 } }],
});

describe('past CONCORDAT_IN_FLIGHT_MAX', () => {
  test('a begin is 503 with Retry-After and begins nothing, until there is room again', async () => {
    const { url } = await startCoordinator({
      DATABASE_URL: databaseUrl,
      CONCORDAT_ALLOWED_URLS,
      CONCORDAT_IN_FLIGHT_MAX: '3',
    });
    const api = new Api(url);
    const bank = participants.add().answers('execute', 'silence');
    const held: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      held.push((await api.begin(sagaAt(bank.url), { prefer: 'respond-async' })).gtid);
    }
    const refused = await api.post('/v1/transactions', sagaAt(bank.url), {
      'idempotency-key': 'too-much',
    });
    expect(problemIn(refused)).toEqual({ status: 503, kind: 'overloaded' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await api.get('/health/ready')).toHaveProperty('status', 200);
    expect(bank.calls()).toHaveLength(3);

    bank.answers('execute', { status: 200 });
    for (const gtid of held) await api.untilEnded(gtid);
    const headers = { 'idempotency-key': 'too-much' };
    const begun = await eventually('there is room', async () => {
      const answer = await api.post('/v1/transactions', sagaAt(bank.url), headers);
      return answer.status === 201 && answer;
    });
    expect(transactionIn(begun)).toMatchObject({ outcome: 'committed' });
  });
});

describe('while Postgres is gone', () => {
  test('every route says so honestly, and afterwards everything is as before', async () => {
    const proxy = await FlakyProxy.before(databaseUrl);
    const coordinator = await startCoordinator({ DATABASE_URL: proxy.url, CONCORDAT_ALLOWED_URLS });
    const api = new Api(coordinator.url);
    const bank = participants.add();
    const { gtid } = await api.begin(sagaAt(bank.url));
    const unfinished = (await api.begin({ protocol: '2pc', deadlineMs: 600_000 })).gtid;

    await proxy.cut();
    const headers = { 'idempotency-key': 'again' };
    const begin = await api.post('/v1/transactions', sagaAt(bank.url), headers);
    expect(problemIn(begin)).toEqual({ status: 503, kind: 'journal-unavailable' });
    expect(begin.headers.get('retry-after')).toBe('1');
    expect(begin.text).toContain('may or may not');
    expect(begin.text).toContain('Idempotency-Key');
    for (const path of ['', '/decision', '/journal']) {
      const answer = await api.get(`/v1/transactions/${gtid}${path}`);
      expect(problemIn(answer)).toEqual({ status: 503, kind: 'journal-unavailable' });
    }
    expect(problemIn(await api.get('/v1/transactions'))).toMatchObject({ status: 503 });
    const commit = await api.post(`/v1/transactions/${unfinished}/commit`);
    expect(problemIn(commit)).toEqual({ status: 503, kind: 'journal-unavailable' });
    const ready = await api.get('/health/ready');
    expect(problemIn(ready)).toEqual({ status: 503, kind: 'not-ready' });
    expect(ready.body).toMatchObject({ reasons: ['Postgres does not answer'] });
    expect(await api.get('/health/live')).toHaveProperty('status', 200);
    for (const { text } of [begin, commit, ready]) {
      expect(text).not.toMatch(/select|insert|ECONN|password|node_modules/i);
    }

    await proxy.restore();
    await eventually('ready again', async () => (await api.get('/health/ready')).status === 200);
    const again = await api.post('/v1/transactions', sagaAt(bank.url), headers);
    expect([200, 201]).toContain(again.status);
    expect(transactionIn(again)).toMatchObject({ outcome: 'committed' });
    expect(await api.find(gtid)).toMatchObject({ outcome: 'committed' });
    const committed = await api.post(`/v1/transactions/${unfinished}/commit`);
    expect(transactionIn(committed)).toMatchObject({ outcome: 'committed' });
    expect(coordinator.hasExited).toBe(false);
  });

  test('a transaction whose participant answers meanwhile ends when Postgres is back', async () => {
    const proxy = await FlakyProxy.before(databaseUrl);
    const coordinator = await startCoordinator({
      DATABASE_URL: proxy.url,
      CONCORDAT_ALLOWED_URLS,
      CONCORDAT_SWEEP_PERIOD_MS: '100',
    });
    const api = new Api(coordinator.url);
    const bank = participants.add().answers('prepare', { status: 425 });
    const branches = ['a', 'b'].map((id) => ({
      id,
      participant: { url: bank.url },
      retry: { firstDelayMs: 50, delayMaxMs: 50 },
    }));
    const body = { protocol: '2pc', deadlineMs: 60_000, branches };
    const { gtid } = await api.begin(body, { prefer: 'respond-async' });
    await proxy.cut();
    bank.answers('prepare', { status: 200 });
    await eventually('Postgres is missed', () =>
      coordinator.log.some(({ msg }) => msg === 'trouble'),
    );
    expect(bank.calls('commit')).toHaveLength(0);
    await proxy.restore();
    await eventually('ended', async () => {
      const answer = await api.get(`/v1/transactions/${gtid}`);
      return answer.status === 200 && transactionIn(answer).phase === 'ended';
    });
    expect(await api.find(gtid)).toMatchObject({ outcome: 'committed' });
  });

  test('a coordinator that starts waits for it, and says so', async () => {
    const proxy = await FlakyProxy.before(databaseUrl);
    await proxy.cut();
    const coordinator = spawnCoordinator({ DATABASE_URL: proxy.url });
    await eventually('it waits', () =>
      coordinator.log.some(({ msg }) => msg === 'waiting for Postgres'),
    );
    expect(coordinator.errors).not.toContain('ready');
    await proxy.restore();
    await coordinator.untilReady();
    expect(await new Api(coordinator.url).get('/health/ready')).toHaveProperty('status', 200);
  });

  test('a coordinator does not wait for ever', async () => {
    const coordinator = spawnCoordinator({
      DATABASE_URL: 'postgres://someone:hush@127.0.0.1:1/nowhere',
      CONCORDAT_DATABASE_WAIT_MS: '300',
    });
    expect(await coordinator.exited).toMatchObject({ code: 1 });
    expect(coordinator.errors).toMatch(/^could not start: .*300 ms/);
    expect(coordinator.errors + coordinator.logText).not.toContain('hush');
  });
});

describe('without Redis', () => {
  test('it is ready, and says that it is degraded; transactions end all the same', async () => {
    const proxy = await FlakyProxy.before(inject('redisUrl'));
    const { url } = await startCoordinator({
      DATABASE_URL: databaseUrl,
      REDIS_URL: proxy.url,
      CONCORDAT_ALLOWED_URLS,
      CONCORDAT_SWEEP_PERIOD_MS: '100',
    });
    const api = new Api(url);
    await eventually('wakeups are healthy', async () => {
      const { body } = await api.get('/health/ready');
      return JSON.stringify(body) === '{"status":"ready","reasons":[]}';
    });
    await proxy.cut();
    const degraded = await eventually('degraded', async () => {
      const answer = await api.get('/health/ready');
      return answer.text.includes('degraded') && answer;
    });
    expect(degraded).toMatchObject({
      status: 200,
      body: { status: 'degraded', reasons: [expect.stringContaining('queue')] },
    });
    const bank = participants.add().answers('execute', { status: 500 }, { status: 200 });
    const { gtid } = await api.begin(sagaAt(bank.url));
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  });
});

describe('several coordinators', () => {
  test('that start at once on an empty database all migrate it, and all work', async () => {
    const started = await Promise.all(
      Array.from({ length: 4 }, () =>
        startCoordinator({ DATABASE_URL: emptyUrl, CONCORDAT_ALLOWED_URLS }),
      ),
    );
    const bank = participants.add();
    for (const { url } of started) {
      expect(await new Api(url).begin(sagaAt(bank.url))).toMatchObject({ outcome: 'committed' });
    }
  });

  test('finish what a killed one has left', async () => {
    const environment = {
      DATABASE_URL: databaseUrl,
      CONCORDAT_ALLOWED_URLS,
      CONCORDAT_LEASE_MS: '200',
      CONCORDAT_SWEEP_PERIOD_MS: '100',
    };
    const [doomed, survivor] = await Promise.all([
      startCoordinator(environment),
      startCoordinator(environment),
    ]);
    const bank = participants.add().answers('execute', 'silence', { status: 200 });
    const branches = [{ id: 'a', participant: { url: bank.url }, timeoutMs: 500 }];
    const api = new Api(doomed.url);
    const { gtid } = await api.begin({ protocol: 'saga', branches }, { prefer: 'respond-async' });
    await eventually('it was asked', () => bank.calls().length > 0);
    await doomed.crash();
    expect(await new Api(survivor.url).untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  });
});
