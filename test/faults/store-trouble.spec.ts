// Everyday trouble with a participant's database: what fails has done nothing, and is asked again;
// what is over is found. A failed transaction is no vote (faults 27, 50, 51 and 52).
import { nodeHandler } from '@concordat/participant-sdk';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { acknowledged, branchAt, latch, reply, serve, working } from '../barrier/calling.js';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { createEffects, effectsOf } from '../barrier/scripted.js';
import type { Exchange } from '../support/postgres-conversation.js';
import { eventually } from '../support/eventually.js';
import {
  COMMIT,
  failureOf,
  OPEN,
  PostgresProxy,
  PREPARE_TRANSACTION,
  replyOf,
  requestOf,
} from '../support/postgres-proxy.js';
import type { Handler, Obedient } from './obedient.js';
import { mark, obedient } from './obedient.js';

const { databaseUrl, pool } = await serviceDatabase();
await createEffects(pool);
const proxy = await PostgresProxy.before(databaseUrl);

interface Served extends Obedient {
  readonly url: string;
  readonly pool: pg.Pool;
}

async function served(handler: Handler, config: pg.PoolConfig = {}): Promise<Served> {
  const own = new pg.Pool({ connectionString: proxy.url, application_name: 'service', ...config });
  own.on('error', () => undefined);
  afterAll(() => own.end());
  const service = obedient(own, { lockTimeoutMs: 3_000, idleTimeoutMs: 300 }, handler);
  return {
    ...service,
    pool: own,
    url: await serve(nodeHandler(service.participant, { prefix: '' })),
  };
}

/** Ends the sessions of the service that are as `condition` says. @returns how many */
async function terminated(condition: string): Promise<number> {
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'service' and datname = current_database() and ${condition}`,
  );
  return rowCount ?? 0;
}

describe('a transaction that has failed, which nobody has noticed', () => {
  const isRolledBack = ({ tags, sqlState }: Exchange): boolean =>
    sqlState === undefined && tags.includes('ROLLBACK');

  test.each([
    ['tcc', 'try', 'tried'],
    ['saga', 'execute', 'done'],
    ['2pc', 'commit-one-phase', 'acknowledged'],
  ] as const)('%s %s: COMMIT is answered ROLLBACK, without an error; in doubt', async (...of) => {
    const [protocol, operation, says] = of;
    const { url, reported } = await served(mark);
    const spoilt = proxy.once(requestOf(COMMIT), 'spoil');
    const has = (exchange: Exchange) => COMMIT.isIn(exchange) && isRolledBack(exchange);
    const answered = proxy.once({ at: 'reply', has }, 'watch');
    const branch = branchAt(url, protocol);
    expect((await branch.call(operation, 1)).type).toBe('in-doubt');
    expect([spoilt.fired, answered.fired]).toEqual([1, 1]);
    expect(reported.join()).toContain('COMMIT was answered ROLLBACK: a statement had failed');
    expect(await effectsOf(pool, branch.gtid)).toEqual([]);
    expect(await branch.call(operation, 1)).toEqual(reply(says));
    expect(await effectsOf(pool, branch.gtid)).toEqual([operation]);
  });

  test('2pc prepare: not a vote, and nothing is prepared', async () => {
    const { url } = await served(mark);
    const spoilt = proxy.once(requestOf(PREPARE_TRANSACTION), 'spoil');
    const failed = proxy.once(failureOf(PREPARE_TRANSACTION), 'watch');
    const branch = branchAt(url, '2pc');
    expect((await branch.call('prepare', 1)).type).toBe('in-doubt');
    expect([spoilt.fired, failed.fired]).toEqual([1, 1]);
    expect(await preparedGids(pool)).toEqual([]);
    expect(await branch.call('prepare', 1)).toEqual(reply('prepared'));
    expect(await branch.call('commit', 2)).toEqual(acknowledged);
    expect(await effectsOf(pool, branch.gtid)).toEqual(['prepare']);
  });
});

describe('a handler that ends its transaction by itself', () => {
  test.each([
    ['2pc', 'prepare', 'commit'],
    ['2pc', 'prepare', 'rollback'],
    ['tcc', 'try', 'commit'],
    ['tcc', 'try', 'rollback'],
  ] as const)('%s %s, by %s: in doubt, and reported', async (protocol, ask, how) => {
    const { url, reported } = await served(async (context, tx) => {
      await mark(context, tx);
      await tx.query(how);
    });
    const branch = branchAt(url, protocol);
    expect((await branch.call(ask, 1)).type).toBe('in-doubt');
    expect(reported).toEqual(['Error: a handler has ended its transaction']);
    expect(await effectsOf(pool, branch.gtid)).toHaveLength(how === 'commit' ? 1 : 0);
    expect(await preparedGids(pool)).toEqual([]);
  });
});

describe('a transaction that Postgres rolls back because of others', () => {
  const protocols = [
    ['2pc', 'prepare', 'prepared', 'commit'],
    ['tcc', 'try', 'tried', 'confirm'],
  ] as const;

  test.each(protocols)(
    'by 40P01, a deadlock: %s is asked again, and done once',
    async (protocol, ask, vote, order) => {
      await pool.query('create table if not exists resource (name text primary key)');
      await pool.query(`insert into resource values ('a'), ('b') on conflict do nothing`);
      const lock = (name: string) => `select from resource where name = '${name}' for update`;
      const door = latch();
      const raised: unknown[] = [];
      let runs = 0;
      const { url } = await served(async (context, tx) => {
        runs += 1;
        await mark(context, tx);
        if (runs > 1) return;
        await tx.query(`set local deadlock_timeout = '20ms'`); // it looks first, and gives way
        await tx.query(lock('a'));
        await door.wait();
        await tx.query(lock('b')).catch((error: unknown) => {
          raised.push(error);
          throw error;
        });
      });
      const other = await pool.connect();
      await other.query(`begin; set local deadlock_timeout = '20s'; ${lock('b')}`);
      const branch = branchAt(url, protocol);
      const answer = branch.call(ask, 1);
      await door.reached;
      const crossed = other.query(lock('a'));
      await eventually('the other one waits', isSomebodyWaiting);
      door.open();
      expect(await answer).toEqual(working);
      expect(raised).toMatchObject([{ code: '40P01' }]);
      await crossed;
      await other.query('rollback');
      other.release();
      expect(await branch.call(ask, 1)).toEqual(reply(vote));
      expect(runs).toBe(2);
      expect(await branch.call(order, 2)).toEqual(acknowledged);
      expect((await effectsOf(pool, branch.gtid)).filter((effect) => effect === ask)).toEqual([
        ask,
      ]);
    },
  );

  test.each(protocols)(
    'by 40001, a serialization failure: %s likewise',
    async (protocol, ask, vote) => {
      let runs = 0;
      const { url } = await served(async (context, tx) => {
        runs += 1;
        await mark(context, tx);
        const fails = `do $$ begin raise exception 'concurrent update' using errcode = '40001'; end $$`;
        if (runs === 1) await tx.query(fails);
      });
      const branch = branchAt(url, protocol);
      expect(await branch.call(ask, 1)).toEqual(working);
      expect(await effectsOf(pool, branch.gtid)).toEqual([]);
      expect(await branch.call(ask, 1)).toEqual(reply(vote));
      expect(runs).toBe(2);
      if (protocol === '2pc') await branch.call('rollback', 2);
    },
  );

  async function isSomebodyWaiting(): Promise<boolean> {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rowCount === 1;
  }
});

describe('no connection', () => {
  test('in the pool: in doubt, and nothing done; later it is done', async () => {
    const {
      url,
      pool: own,
      reported,
    } = await served(mark, { max: 1, connectionTimeoutMillis: 1_000 });
    const holder = await own.connect();
    const branch = branchAt(url, 'saga');
    expect((await branch.call('execute', 1)).type).toBe('in-doubt');
    expect(reported.join()).toContain('timeout exceeded when trying to connect');
    holder.release();
    expect(await branch.call('execute', 1)).toEqual(reply('done'));
    expect(await effectsOf(pool, branch.gtid)).toEqual(['execute']);
  });

  test('at the server (53300): likewise', async () => {
    await pool.query(
      `drop role if exists few; create role few login password 'few' connection limit 1`,
    );
    await pool.query('grant all on all tables in schema public to few');
    const few = { user: 'few', password: 'few' };
    const connectionString = Object.assign(new URL(databaseUrl), {
      username: 'few',
      password: 'few',
    });
    const { url, reported } = await served(mark, { connectionString: connectionString.href });
    const only = new pg.Client({ connectionString: connectionString.href });
    await only.connect();
    const branch = branchAt(url, 'tcc');
    expect((await branch.call('try', 1)).type).toBe('in-doubt');
    expect(reported.join()).toContain(`too many connections for role "${few.user}"`);
    await only.end();
    await eventually('it is done', async () => (await branch.call('try', 1)).type === 'reply');
    expect(await effectsOf(pool, branch.gtid)).toEqual(['try']);
  });
});

describe('a connection', () => {
  test('that dies at the very moment when it is there: in doubt, and the service lives', async () => {
    const { url } = await served(mark);
    const opening = proxy.once(replyOf(OPEN), 'hold');
    const branch = branchAt(url, 'tcc');
    const answer = branch.call('try', 1);
    await opening.reached;
    expect(await terminated('true')).toBeGreaterThan(0);
    await eventually('it is gone', async () => (await terminated('true')) === 0);
    opening.open(); // that it is ready, and that it is ended, come in one
    expect((await answer).type).toBe('in-doubt');
    expect(await branch.call('try', 1)).toEqual(reply('tried'));
    expect(opening.fired).toBe(1);
  });

  test('that dies while it is idle is replaced, and the call hardly notices', async () => {
    const { url, pool: own } = await served(mark);
    const branch = branchAt(url, '2pc');
    expect(await branch.call('prepare', 1)).toEqual(reply('prepared'));
    expect(own.idleCount).toBeGreaterThan(0);
    expect(await terminated(`state = 'idle'`)).toBeGreaterThan(0);
    const committed = () => branch.call('commit', 2);
    await eventually('it is committed', async () => (await committed()).type === 'reply');
    expect(await committed()).toEqual(acknowledged);
    expect(await effectsOf(pool, branch.gtid)).toEqual(['prepare']);
  });

  test('whose transaction is idle for too long is ended by the server, and its locks are free', async () => {
    const door = latch();
    let runs = 0;
    const { url, reported } = await served(async (context, tx) => {
      runs += 1;
      await mark(context, tx);
      if (runs === 1) await door.wait(); // longer than idle_in_transaction_session_timeout
      await tx.query('select 1');
    });
    const branch = branchAt(url, 'tcc');
    const first = branch.call('try', 1);
    await door.reached;
    const copy = await branch.call('try', 1); // waits for the lock until the server lets go of it
    expect(copy).toEqual(reply('tried'));
    door.open();
    expect((await first).type).toBe('in-doubt');
    expect(reported.join()).toMatch(/idle-in-transaction timeout|terminated|not queryable/);
    expect(runs).toBe(2);
    expect(await effectsOf(pool, branch.gtid)).toEqual(['try']);
  });
});
