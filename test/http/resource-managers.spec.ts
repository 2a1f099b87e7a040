// Databases as participants, from outside: what to prepare a branch as, what is told of it while it
// is prepared, and what a person can ask for.
import type { ResourceManagerView } from '@concordat/wire';
import {
  asBranchId,
  gidOf,
  resourceManagerListSchema,
  resourceManagerViewSchema,
  selfTestViewSchema,
} from '@concordat/wire';
import { afterAll, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import type { ApiAnswer } from './api.js';
import { Api, malformed, problemIn } from './api.js';
import {
  makeMysqlWork,
  makeWork,
  mysqlName,
  mysqlWorkIn,
  postgresName,
  prepareAt,
  prepareIn,
  workIn,
} from './resource-managers-work.js';

const SCAN_PERIOD_MS = '200';

const { databaseUrl, pool: journal } = await databaseFromTemplate();
const orders = await serviceDatabase();
const stock = await mariadbDatabase();
await makeWork(orders.pool);
await makeMysqlWork(stock.pool);
const participants = await ScriptedParticipants.open();
const shop = participants.add('shop');
const nowhere = await freePort();
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_SCAN_PERIOD_MS: SCAN_PERIOD_MS,
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_PARTICIPANT_STOCK: stock.url,
  CONCORDAT_PARTICIPANT_GONE: `postgres://app:hush@127.0.0.1:${nowhere}/gone`,
});
const api = new Api(coordinator.url);

const at = (participant: string, id = participant) => ({
  id,
  participant,
  retry: { firstDelayMs: 50, delayMaxMs: 200 },
});

async function viewOf(name: string): Promise<ResourceManagerView> {
  const { body } = await api.get('/v1/resource-managers');
  const found = resourceManagerListSchema.parse(body).items.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

async function scan(name: string): Promise<ResourceManagerView> {
  const { status, body } = await api.post(`/v1/resource-managers/${name}/scan`);
  expect(status).toBe(200);
  return resourceManagerViewSchema.parse(body);
}

async function active(...branches: readonly object[]) {
  const { gtid } = await api.begin({ protocol: '2pc', deadlineMs: 600_000 });
  const enlisted = await api.post(`/v1/transactions/${gtid}/branches`, { branches });
  expect(enlisted).toHaveProperty('status', 200 + 1);
  return api.find(gtid);
}

describe('enlisting tells what to prepare a branch as', () => {
  test('and what is prepared so commits together, in Postgres and in MariaDB', async () => {
    const { gtid, branches } = await active(at('orders'), at('stock'), {
      ...at('shop'),
      participant: { url: shop.url },
    });
    const [inOrders, inStock, elsewhere] = branches;
    expect(elsewhere).not.toHaveProperty('resource');
    const { gid } = postgresName(inOrders?.resource);
    const cluster = await journal.query<{ id: string }>('select id from concordat.cluster');
    expect(gid).toBe(`concordat:${cluster.rows[0]?.id}:${gtid}:orders`);
    const xid = mysqlName(inStock?.resource);
    expect(xid).toMatchObject({ gtrid: gid.replace(':orders', ''), bqual: 'stock' });

    await prepareIn(orders.pool, gid, 'together');
    await prepareAt(stock, xid, 'together');
    for (const name of ['orders', 'stock']) {
      const { prepared, branches: found } = await scan(name);
      expect(prepared).toMatchObject({ inDoubt: 1, reappeared: 0, orphaned: 0 });
      expect(found).toMatchObject([
        { gtid, branch: name, standing: 'in-doubt', reason: 'nothing has been decided yet' },
      ]);
    }
    const committed = await api.post(`/v1/transactions/${gtid}/commit`);
    expect(committed.body).toMatchObject({ phase: 'ended', outcome: 'committed' });
    expect([
      await workIn(orders.pool, 'together'),
      await mysqlWorkIn(stock.pool, 'together'),
    ]).toEqual([1, 1]);
    for (const name of ['orders', 'stock']) expect((await scan(name)).branches).toEqual([]);
  });

  test('and what is not prepared when it is asked for its vote is refused', async () => {
    const { gtid, branches } = await active(at('orders'), at('stock'));
    await prepareIn(orders.pool, postgresName(branches[0]?.resource).gid, 'refused');
    const { body } = await api.post(`/v1/transactions/${gtid}/commit`);
    expect(body).toMatchObject({ phase: 'ended', outcome: 'rolled-back' });
    expect(await workIn(orders.pool, 'refused')).toBe(0);
    expect(await preparedGids(orders.pool)).toEqual([]);
  });
});

test('what is prepared after the rollback is rolled back by the next scan, and noted', async () => {
  const { gtid, branches } = await active(at('orders'), at('stock'));
  const rolledBack = await api.post(`/v1/transactions/${gtid}/rollback`);
  expect(rolledBack.body).toMatchObject({ outcome: 'rolled-back' });
  await prepareIn(orders.pool, postgresName(branches[0]?.resource).gid, 'late');
  await prepareAt(stock, mysqlName(branches[1]?.resource), 'late');
  for (const name of ['orders', 'stock']) {
    await expect
      .poll(async () => (await viewOf(name)).notes[0])
      .toMatchObject({
        gtid,
        branch: name,
        standing: 'reappeared',
        done: 'finished',
      });
    expect((await scan(name)).branches).toEqual([]);
  }
  expect([await workIn(orders.pool, 'late'), await mysqlWorkIn(stock.pool, 'late')]).toEqual([
    0, 0,
  ]);
});

describe('what a person has ended by hand', () => {
  test.each([
    ['rolled back', 'rollback', 'orders', 'heuristic-rollback'],
    ['rolled back', 'rollback', 'stock', 'heuristic-rollback'],
  ] as const)(
    'against the decision, %s, is told with its evidence: %s in %s',
    async (_, decision, name, state) => {
      const slow = participants.add(`slow-${name}`).answers('prepare', { status: 202 });
      const { gtid, branches } = await active(at(name), {
        ...at('slow'),
        participant: { url: slow.url },
      });
      const resource = branches[0]?.resource;
      if (name === 'orders') await prepareIn(orders.pool, postgresName(resource).gid, 'by hand');
      else await prepareAt(stock, mysqlName(resource), 'by hand');
      await api.post(`/v1/transactions/${gtid}/commit`, undefined, { prefer: 'respond-async' });
      await api.until(gtid, 'voted', (now) => now.branches[0]?.state === 'prepared');
      if (name === 'orders') {
        await orders.pool.query(`${decision} prepared '${postgresName(resource).gid}'`);
      } else {
        const { gtrid, bqual } = mysqlName(resource);
        await stock.pool.query(`xa ${decision} '${gtrid}','${bqual}',1`);
      }
      slow.answers('prepare', { status: 200, body: { vote: 'prepared' } });
      const ended = await api.untilEnded(gtid);
      expect(ended).toMatchObject({ outcome: 'heuristic-mixed', decision: 'commit' });
      expect(ended.branches[0]).toMatchObject({ state });
      expect(ended.branches[0]?.lastError).toMatch(new RegExp(`^${state}: .{20,}`));
      const listed = await api.get('/v1/transactions?outcome=heuristic-mixed');
      expect(listed.text).toContain(
        ended.branches[0]?.lastError?.slice(0, 40).replaceAll('"', '\\"'),
      );
    },
  );

  test('as was decided is acknowledged', async () => {
    const slow = participants.add('slow-agreed').answers('prepare', { status: 202 });
    const { gtid, branches } = await active(at('orders'), {
      ...at('slow'),
      participant: { url: slow.url },
    });
    const { gid } = postgresName(branches[0]?.resource);
    await prepareIn(orders.pool, gid, 'agreed');
    await api.post(`/v1/transactions/${gtid}/commit`, undefined, { prefer: 'respond-async' });
    await api.until(gtid, 'voted', (now) => now.branches[0]?.state === 'prepared');
    await orders.pool.query(`commit prepared '${gid}'`);
    slow.answers('prepare', { status: 200, body: { vote: 'prepared' } });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(await workIn(orders.pool, 'agreed')).toBe(1);
  });
});

describe('GET /v1/resource-managers', () => {
  test('has every database that is registered, by name, and nothing secret', async () => {
    const { status, text, body } = await api.get('/v1/resource-managers');
    expect(status).toBe(200);
    const { items } = resourceManagerListSchema.parse(body);
    expect(items.map(({ name, kind }) => [name, kind])).toEqual([
      ['gone', 'postgres'],
      ['orders', 'postgres'],
      ['stock', 'mysql'],
    ]);
    for (const url of [orders.databaseUrl, stock.url]) {
      expect(text).not.toContain(`:${new URL(url).password}@`);
    }
    expect(text).not.toContain('hush');
  });

  test('says that one cannot be reached, and why; the coordinator has started all the same', async () => {
    const gone = await scan('gone');
    expect(gone).toMatchObject({ reachable: false, prepared: { inDoubt: 0 }, branches: [] });
    expect(gone.lastError).toMatch(/ECONNREFUSED|refused/i);
    expect(gone).not.toHaveProperty('lastSeenAt');
    expect(await scan('orders')).toMatchObject({ reachable: true });
    const warnings = coordinator.log.filter((line) => line['resourceManager'] === 'gone');
    expect(warnings, 'it is logged once, not at every scan').toHaveLength(1);
    expect(coordinator.logText).not.toContain('hush');
  });

  test('counts what others have prepared, and shows none of it', async () => {
    const theirs = gidOf({ cluster: 'ffffffff', gtid: newGtid(), branch: asBranchId('x') });
    for (const gid of [theirs, 'nobody-knows']) {
      await prepareIn(orders.pool, gid, 'others');
      afterAll(() => orders.pool.query(`rollback prepared '${gid}'`).then(() => undefined));
    }
    expect(await scan('orders')).toMatchObject({ prepared: { others: 2 }, branches: [] });
    const { text } = await api.get('/metrics');
    expect(text).toContain(
      'concordat_prepared_branches{resource_manager="orders",standing="others"} 2',
    );
    expect(text).toMatch(/concordat_scans_total\{resource_manager="gone",result="failed"\} [1-9]/);
    expect(text).toMatch(/concordat_recoveries_total\{resource_manager="stock",.*"finished"\} 1/);
    for (const gid of [theirs, 'nobody-knows']) {
      await orders.pool.query(`rollback prepared '${gid}'`);
    }
  });
});

describe('POST …/self-test', () => {
  test.each(['orders', 'stock'])('of %s says what it tried, and leaves nothing', async (name) => {
    const { status, body } = await api.post(`/v1/resource-managers/${name}/self-test`);
    expect(status).toBe(200);
    const result = selfTestViewSchema.parse(body);
    expect(result.verdict).not.toBe('fails');
    expect(result.checks.length).toBeGreaterThan(3);
    for (const { finding } of result.checks) expect(finding).toMatch(/^\S.*[^.]$/);
    const { lastSelfTest, prepared } = await scan(name);
    expect(lastSelfTest).toEqual(result);
    expect(prepared).toMatchObject({ inDoubt: 0, orphaned: 0 });
  });

  test('of one that is gone fails, in plain words', async () => {
    const { body } = await api.post('/v1/resource-managers/gone/self-test');
    const { verdict, checks } = selfTestViewSchema.parse(body);
    expect(verdict).toBe('fails');
    expect(JSON.stringify(checks)).not.toContain('hush');
  });
});

describe('bad requests', () => {
  test.each(['scan', 'self-test'])('%s of nobody is 404', async (what) => {
    for (const name of ['nobody', '%7Bx%7D', 'constructor', '__proto__']) {
      const answer = await api.post(`/v1/resource-managers/${name}/${what}`);
      expect(problemIn(answer)).toEqual({ status: 404, kind: 'unknown-resource-manager' });
    }
  });

  test('a body where there is none to send is 400, and a wrong method 405', async () => {
    const withBody = await api.post('/v1/resource-managers/orders/scan', { deep: true });
    expect(problemIn(withBody)).toEqual(malformed('/deep'));
    const wrong: ApiAnswer = await api.get('/v1/resource-managers/orders/scan');
    expect(problemIn(wrong)).toEqual({ status: 405, kind: 'method-not-allowed' });
  });

  test('a database in a transaction that is not 2PC is refused', async () => {
    const body = { protocol: 'saga', branches: [at('orders')] };
    const answer = await api.post('/v1/transactions', body);
    expect(problemIn(answer)).toEqual(malformed('/branches/0/participant'));
  });
});
