// What a prepared branch holds on MariaDB and who waits for it, with sessions that are really
// blocked; and what cannot be told there.
import { setTimeout as sleep } from 'node:timers/promises';
import { truthViewSchema } from '@concordat/wire/operations';
import { xidOf } from '@concordat/wire';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ensureOutcomeTable, XaBranch } from '@concordat/participants';
import { gone } from '../participants/mysql-subject.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { ownMariadb } from '../support/mariadb.js';
import { BRANCH, branchTruth, CLUSTER, openBench, recordOf } from './truth-bench.js';

const SESSIONS = 10;

const stock = await ownMariadb(); // nothing but ours is prepared there
await stock.start();
await stock.pool.query('create table item (id varchar(20) primary key, n int) engine = InnoDB');
await stock.pool.query(`insert into item values ('teapot', 10), ('cup', 10)`);
await ensureOutcomeTable((text) => stock.pool.query(text));
await stock.pool.query(`create user teller@'127.0.0.1' identified by 'app'`);
await stock.pool.query(`grant all on own.* to teller@'127.0.0.1'`);

const bench = openBench({
  mysql: { stock: stock.url, 'stock-as-teller': as(stock.url, 'teller', 'app') },
});

/** What the server shows of transactions it keeps, and reads anew after this long unread. */
const STALE_MS = 150;

/** Nobody waits any more for what the test before has prepared on MariaDB. */
async function untilFree(): Promise<void> {
  await eventually('nothing is open there', async () => {
    await sleep(STALE_MS);
    const [rows] = await stock.pool.query('select trx_id from information_schema.innodb_trx');
    return Array.isArray(rows) && rows.length === 0;
  });
}

function as(url: string, user: string, password: string): string {
  const it = new URL(url);
  it.username = user;
  it.password = password;
  return it.href;
}

const truthOf = async (gtid: string, participant: string) => {
  const record = recordOf('2pc', 'commit', { gtid, participant });
  const { view, branch } = await branchTruth(bench, record);
  truthViewSchema.parse(view);
  return branch;
};

/** As a service does. @returns what ends it */
async function prepareItem(gtid: string, id: string): Promise<() => Promise<void>> {
  const xid = xidOf({ cluster: CLUSTER, gtid: gtid as ReturnType<typeof newGtid>, branch: BRANCH });
  const connection = await createConnection(stock.url);
  const branch = new XaBranch((text, values) => connection.query(text, values), xid);
  await branch.start();
  await branch.run('update item set n = n - 1 where id = ?', [id]);
  await branch.prepare();
  await gone(connection, stock.pool);
  /** A rollback may come in the instant in which the server lets go of the session. */
  const end = async (): Promise<void> => {
    await eventually('it is prepared no more', async () => {
      await stock.pool.query(`xa rollback '${xid.gtrid}','${xid.bqual}',1`).catch(() => undefined);
      const [rows] = await stock.pool.query('xa recover');
      return !JSON.stringify(rows).includes(xid.gtrid);
    });
  };
  onTestFinished(end);
  return end;
}

async function takes(id: string): Promise<Connection> {
  const connection = await createConnection(stock.url);
  onTestFinished(() => connection.destroy());
  connection.query('update item set n = n + 1 where id = ?', [id]).catch(() => undefined);
  return connection;
}

async function untilBlocked(count: number): Promise<void> {
  await eventually(`${count} sessions wait`, async () => {
    await sleep(STALE_MS);
    const [rows] = await stock.pool.query(
      `select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'`,
    );
    return Array.isArray(rows) && rows.length === count;
  });
}

describe('on MariaDB', () => {
  beforeEach(untilFree);

  test('ten sessions that wait for one row are all found, with their queries', async () => {
    const gtid = newGtid();
    await prepareItem(gtid, 'teapot');
    for (let n = 0; n < SESSIONS; n += 1) await takes('teapot');
    await untilBlocked(SESSIONS);
    const { blocks, verdict } = await truthOf(gtid, 'stock');
    expect({ code: verdict.code, known: blocks.known }).toEqual({
      code: 'awaits-order',
      known: true,
    });
    expect(blocks.sessionsTotal).toBe(SESSIONS);
    expect(blocks.sessions).toHaveLength(SESSIONS);
    for (const session of blocks.sessions) {
      expect(session).toMatchObject({ distance: 0, user: 'root', database: 'own' });
      expect(session.query).toMatch(/^update item set n = n \+ 1/);
      expect(session.waitsFor).toBe(`row of own.item (X on PRIMARY 'teapot')`);
    }
    expect(blocks.locks).toEqual(
      expect.arrayContaining([
        { relation: 'own.item', mode: `X on PRIMARY 'teapot'`, kind: 'row' },
      ]),
    );
    expect(blocks.unseen).toMatch(/metadata locks/);
  });

  test('who asks without a pause is not shown for ever what was there at first', async () => {
    const gtid = newGtid();
    const end = await prepareItem(gtid, 'teapot');
    await takes('teapot');
    await untilBlocked(1);
    const waiting = async (): Promise<number> => {
      const { items } = await bench.truth.inDoubt({ payloads: true });
      return items.reduce((sum, { blocks }) => sum + blocks.sessionsTotal, 0);
    };
    expect(await waiting()).toBe(1);
    await end();
    await prepareItem(newGtid(), 'cup');
    await eventually('nobody waits', async () => (await waiting()) === 0);
  });

  test('of two prepared branches nobody says whose the locks are', async () => {
    const [one, other] = [newGtid(), newGtid()];
    await prepareItem(one, 'teapot');
    await prepareItem(other, 'cup');
    await takes('teapot');
    await untilBlocked(1);
    const { blocks } = await truthOf(one, 'stock');
    expect(blocks).toMatchObject({ known: false, sessionsTotal: 1, locks: [] });
    expect(blocks.reason).toMatch(/2 branches .* does not say which is whose/);
    const { items } = await bench.truth.blocked();
    const here = items.filter(({ resourceManager }) => resourceManager === 'stock');
    expect(here.map(({ gid }) => gid)).toEqual(['one of 2 prepared branches']);
  });

  test('while the session that has prepared it is connected, it cannot be told apart', async () => {
    const gtid = newGtid();
    const xid = xidOf({ cluster: CLUSTER, gtid, branch: BRANCH });
    const connection = await createConnection(stock.url);
    const branch = new XaBranch((text, values) => connection.query(text, values), xid);
    await branch.start();
    await branch.run('update item set n = n - 1 where id = ?', ['cup']);
    await branch.prepare();
    const { blocks, participantSays } = await truthOf(gtid, 'stock');
    await connection.query(`xa rollback '${xid.gtrid}','${xid.bqual}',1`);
    connection.destroy();
    expect(participantSays.observed).toBe('prepared');
    expect(blocks).toMatchObject({ known: false, sessions: [] });
    expect(blocks.reason).toMatch(/still connected/);
  });

  test('an account without PROCESS sees what is prepared, and says what to grant', async () => {
    const gtid = newGtid();
    await prepareItem(gtid, 'teapot');
    const { blocks, participantSays } = await truthOf(gtid, 'stock-as-teller');
    expect(participantSays.observed).toBe('prepared');
    expect(blocks.known).toBe(false);
    expect(blocks.reason).toMatch(/grant process on \*\.\*/);
    const { missing } = await bench.truth.blocked();
    expect(missing).toContainEqual({
      what: 'sessions blocked in stock-as-teller',
      reason: expect.stringMatching(/grant process/),
    });
  });

  test('what is prepared on a server that does not answer is missing, by name', async () => {
    await stock.stop();
    const { items, missing } = await bench.truth.inDoubt({ payloads: true });
    const { missing: unseen } = await bench.truth.blocked();
    await stock.start();
    expect(items.filter(({ resourceManager }) => resourceManager === 'stock')).toEqual([]);
    expect(missing.map(({ what }) => what)).toContain('what is prepared in stock');
    expect(unseen.map(({ what }) => what)).toContain('sessions blocked in stock');
  });
});
