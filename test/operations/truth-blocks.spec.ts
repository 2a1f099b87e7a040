// What a prepared branch holds on Postgres and who waits for it, with sessions that are really
// blocked: ten in a queue, three in a chain.
import type { TruthView } from '@concordat/wire/operations';
import { inDoubtListSchema, truthViewSchema } from '@concordat/wire/operations';
import { gidOf } from '@concordat/wire';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { ownServer } from '../support/own-server.js';
import { BRANCH, branchTruth, CLUSTER, openBench, recordOf } from './truth-bench.js';

const SESSIONS = 10;

const orders = await serviceDatabase();
await orders.pool.query(`create table account (id text primary key, balance integer)`);
await orders.pool.query(`insert into account values ('alice', 10), ('bob', 10), ('carol', 10)`);
await orders.pool.query(`create role teller login password 'app'`);
await orders.pool.query('grant all on account to teller');
const bench = openBench({
  postgres: {
    orders: orders.databaseUrl,
    'orders-as-teller': as(orders.databaseUrl, 'teller', 'app'),
  },
});

/** Sessions that wait. */
const waiting = new Set<pg.Client>();

afterEach(async () => {
  await orders.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like 'waits%'`,
  );
  await Promise.all([...waiting].map((client) => client.end().catch(() => undefined)));
  waiting.clear();
  for (const gid of await preparedGids(orders.pool)) {
    await orders.pool.query(`rollback prepared '${gid}'`);
  }
});

function as(url: string, user: string, password: string): string {
  const it = new URL(url);
  it.username = user;
  it.password = password;
  return it.href;
}

/** As a service does. @returns the gid */
async function prepareOrder(gtid: string, id: string, cluster: string | null = CLUSTER) {
  const gid = gidOf({
    cluster: cluster ?? undefined,
    gtid: gtid as ReturnType<typeof newGtid>,
    branch: BRANCH,
  });
  const client = await orders.pool.connect();
  await client.query('begin');
  await client.query('update account set balance = balance - 1 where id = $1', [id]);
  await client.query(`prepare transaction '${gid}'`);
  client.release();
  return gid;
}

/** A session of its own, that asks and waits. @param before what it does in its transaction */
async function asks(statement: string, name: string, before = 'select 1'): Promise<void> {
  const client = new pg.Client({
    connectionString: orders.databaseUrl,
    application_name: `waits: ${name}`,
  });
  await client.connect();
  client.on('error', () => undefined);
  waiting.add(client);
  await client.query(`begin; ${before}`);
  client.query(statement).catch(() => undefined);
}

const updateOf = (id: string): string => `update account set balance = 0 where id = '${id}'`;

async function untilWaiting(count: number): Promise<void> {
  await eventually(`${count} sessions wait`, async () => {
    const { rows } = await orders.pool.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.n === count;
  });
}

const truthOf = async (gtid: string, participant: string) => {
  const record = recordOf('2pc', 'commit', { gtid, participant });
  const { view, branch } = await branchTruth(bench, record);
  truthViewSchema.parse(view);
  return branch;
};

describe('on Postgres', () => {
  test('ten sessions that wait for one row are all found, with their queries', async () => {
    const gtid = newGtid();
    await prepareOrder(gtid, 'alice');
    for (let n = 0; n < SESSIONS; n += 1) await asks(updateOf('alice'), `till-${n}`);
    await untilWaiting(SESSIONS);
    const { blocks, participantSays, verdict } = await truthOf(gtid, 'orders');
    expect({ code: verdict.code, known: blocks.known }).toEqual({
      code: 'awaits-order',
      known: true,
    });
    expect(participantSays.since).toMatch(/Z$/);
    expect(blocks.sessionsTotal).toBe(SESSIONS);
    expect(new Set(blocks.sessions.map(({ application }) => application))).toEqual(
      new Set(Array.from({ length: SESSIONS }, (_, n) => `waits: till-${n}`)),
    );
    for (const session of blocks.sessions) {
      expect(session.query).toBe(updateOf('alice'));
      expect(session.waitsFor).toMatch(/^row \(0,\d+\) of public\.account$/);
      expect(session.waitingSince).toMatch(/Z$/);
    }
    // The first in the queue waits for the branch, and the others for him.
    const distances = blocks.sessions.map(({ distance }) => distance);
    expect(distances.toSorted((one, other) => one - other)).toEqual([
      0,
      ...Array.from({ length: SESSIONS - 1 }, () => 1),
    ]);
    expect(blocks.locks).toEqual(
      expect.arrayContaining([
        { relation: 'public.account', mode: 'RowExclusiveLock', kind: 'relation' },
        expect.objectContaining({ relation: 'public.account', kind: 'row' }),
      ]),
    );
  });

  test('a chain is followed to its end: who waits for who waits', async () => {
    const gtid = newGtid();
    await prepareOrder(gtid, 'alice');
    await asks(updateOf('alice'), 'first', updateOf('bob'));
    await untilWaiting(1);
    await asks(updateOf('bob'), 'second', updateOf('carol'));
    await untilWaiting(2);
    await asks(updateOf('carol'), 'third');
    await untilWaiting(3);
    const { blocks } = await truthOf(gtid, 'orders');
    const found = blocks.sessions.map(({ application, distance }) => [application, distance]);
    expect(Object.fromEntries(found)).toEqual({
      'waits: first': 0,
      'waits: second': 1,
      'waits: third': 2,
    });
  });

  test('who waits for somebody else is not counted', async () => {
    const gtid = newGtid();
    await prepareOrder(gtid, 'alice');
    const holder = await orders.pool.connect();
    onTestFinished(() => holder.release());
    await holder.query(`begin; update account set balance = 0 where id = 'bob'`);
    await asks(updateOf('bob'), 'elsewhere');
    await untilWaiting(1);
    const { blocks } = await truthOf(gtid, 'orders');
    await holder.query('rollback');
    expect(blocks).toMatchObject({ known: true, sessionsTotal: 0, sessions: [] });
  });

  test('a table that is locked as a whole is waited for as a table', async () => {
    const gtid = newGtid();
    await prepareOrder(gtid, 'alice');
    await asks('lock table account in access exclusive mode', 'whole');
    await untilWaiting(1);
    const { blocks } = await truthOf(gtid, 'orders');
    expect(blocks.sessions.map(({ waitsFor }) => waitsFor)).toContain(
      'public.account (AccessExclusiveLock)',
    );
  });

  test('a role that may not see queries says what to grant', async () => {
    const gtid = newGtid();
    await prepareOrder(gtid, 'alice');
    await asks(updateOf('alice'), 'till');
    await untilWaiting(1);
    const { blocks } = await truthOf(gtid, 'orders-as-teller');
    expect(blocks.sessionsTotal).toBe(1);
    expect(blocks.sessions[0]?.query).toBe('<insufficient privilege>');
    expect(blocks.unseen).toMatch(/grant pg_read_all_stats to teller/);
    await orders.pool.query('grant pg_read_all_stats to teller');
    onTestFinished(
      async () => void (await orders.pool.query('revoke pg_read_all_stats from teller')),
    );
    const seen = await truthOf(gtid, 'orders-as-teller');
    expect(seen.blocks.sessions[0]?.query).toMatch(/^update account/);
    expect(seen.blocks.unseen).toBeUndefined();
  });

  test('the statement that is shown can be run by hand', async () => {
    const gtid = newGtid();
    const gid = await prepareOrder(gtid, 'alice');
    const { blocks } = await truthOf(gtid, 'orders');
    const [held = ''] = (blocks.query ?? '').split(';\n');
    const { rows } = await orders.pool.query<{ gid: string }>(held);
    expect(rows.map((row) => row.gid)).toContain(gid);
  });

  test('what a service has prepared there by the SDK is found although it is stopped', async () => {
    const gtid = newGtid();
    const gid = await prepareOrder(gtid, 'alice', null);
    await asks(updateOf('alice'), 'till');
    await untilWaiting(1);
    const record = recordOf('2pc', 'commit', { gtid, participant: { url: 'http://127.0.0.1:9' } });
    const { branch } = await branchTruth(bench, record);
    expect(branch.participantSays).toMatchObject({
      observed: 'prepared',
      source: 'resource-manager',
      gid,
    });
    expect(branch.participantSays.evidence).toMatch(/its service does not answer/);
    expect(branch.blocks).toMatchObject({ known: true, sessionsTotal: 1 });
  });

  test('queries are hidden from who may not read payloads', async () => {
    const gtid = newGtid();
    await prepareOrder(gtid, 'alice');
    await asks(updateOf('alice'), 'till');
    await untilWaiting(1);
    bench.journal.set(gtid, recordOf('2pc', 'commit', { gtid, participant: 'orders' }));
    const view = await bench.truth.truthOf(gtid, { payloads: false });
    expect(queriesIn(view)).toEqual(['(hidden: it takes the permission payloads.read)']);
  });
});

function queriesIn(view: TruthView | undefined): readonly string[] {
  return (view?.branches ?? []).flatMap(({ blocks }) => blocks.sessions.map(({ query }) => query));
}

describe('what is in doubt', () => {
  test('is listed from all resource managers, ours and others', async () => {
    const gtid = newGtid();
    const gid = await prepareOrder(gtid, 'alice');
    const elsewhere = await prepareOrder(newGtid(), 'bob', 'deadbeef');
    await orders.pool.query(`begin; select pg_current_xact_id(); prepare transaction 'theirs'`);
    await asks(updateOf('alice'), 'till');
    await untilWaiting(1);
    bench.journal.set(gtid, recordOf('2pc', 'commit', { gtid, participant: 'orders' }));
    const list = inDoubtListSchema.parse(await bench.truth.inDoubt({ payloads: true }));
    const here = list.items.filter(({ resourceManager }) => resourceManager === 'orders');
    expect(here.map((item) => [item.gid, item.ours, item.standing, item.mayEnd])).toEqual([
      [gid, true, 'in-doubt', false],
      [elsewhere, false, 'others', false],
      ['theirs', false, 'others', false],
    ]);
    expect(here[0]).toMatchObject({ gtid, branch: BRANCH, phase: 'committing' });
    expect(here[0]?.blocks).toMatchObject({ known: true, sessionsTotal: 1 });
    expect(list.missing).toEqual([]);
  });
});

describe('a Postgres server that is restarted', async () => {
  const own = await ownServer();
  await own.start();
  const pool = new pg.Pool({ connectionString: own.databaseUrl });
  pool.on('error', () => undefined);
  afterAll(() => pool.end());
  await pool.query('create table account (id text primary key, balance integer)');
  await pool.query(`insert into account values ('alice', 10)`);
  const restarted = openBench({ postgres: { own: own.databaseUrl } });

  test('still says what its prepared branches hold, and nothing while it is down', async () => {
    const gtid = newGtid();
    const gid = gidOf({ cluster: CLUSTER, gtid, branch: BRANCH });
    await pool.query(`begin; ${updateOf('alice')}; prepare transaction '${gid}'`);
    const record = recordOf('2pc', 'commit', { gtid, participant: 'own' });
    await own.stop();
    const down = (await branchTruth(restarted, record)).branch;
    expect(down).toMatchObject({
      participantSays: { observed: 'unreachable' },
      verdict: { code: 'cannot-be-asked' },
      blocks: { known: false },
    });
    await own.start();
    const waiter = new pg.Client({ connectionString: own.databaseUrl, application_name: 'till' });
    await waiter.connect();
    onTestFinished(() => waiter.end());
    const waited = waiter.query(updateOf('alice'));
    const up = await eventually('the session is seen', async () => {
      const { branch } = await branchTruth(restarted, record);
      return branch.blocks.sessionsTotal === 1 ? branch : undefined;
    });
    await pool.query(`commit prepared '${gid}'`);
    await waited;
    expect(up).toMatchObject({
      participantSays: { observed: 'prepared' },
      verdict: { code: 'awaits-order' },
      blocks: { known: true, sessions: [{ application: 'till', distance: 0 }] },
    });
    expect(up.blocks.locks).toContainEqual({
      relation: 'public.account',
      mode: 'RowExclusiveLock',
      kind: 'relation',
    });
  });
});
