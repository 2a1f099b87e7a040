// Connections of the application's pools: each is given back once, in the state in which it was
// taken, and nothing waits for one for ever. The pools have one each, so that a lost one shows.
import { InDoubt, Misused, openEmbedded, RolledBack } from '@concordat/embedded';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { mariadbDatabase } from '../support/mariadb.js';
import {
  COMMIT,
  PostgresProxy,
  PREPARE_TRANSACTION,
  requestOf,
} from '../support/postgres-proxy.js';
import { embedded, mariadbSource, postgresSource, PROMPT } from './support.js';

const DEADLINE_MS = 3_000;
const FREE_WITHIN_MS = 20_000;

const journal = await databaseFromTemplate();
const left = await emptyDatabase();
const right = await emptyDatabase();
const maria = await mariadbDatabase();
const proxies = {
  left: await PostgresProxy.before(left.databaseUrl),
  home: await PostgresProxy.before(journal.databaseUrl),
};
const one = { poolSize: 1 };
const sources = {
  left: await postgresSource(proxies.left.url, one),
  right: await postgresSource(right.databaseUrl, one),
  home: await postgresSource(proxies.home.url, one),
  maria: await mariadbSource(maria.url, { poolSize: 1 }),
};
const all = Object.values(sources);
for (const source of all) await source.query('create table entry (who varchar(60) primary key)');
const { globalTransactions, engine } = await embedded({
  databaseUrl: journal.databaseUrl,
  databases: sources,
  settings: { deadlineMs: DEADLINE_MS, voteTimeoutMs: 1_000, orphanAgeMs: 5_000 },
});
const run = globalTransactions.run.bind(globalTransactions);

let count = 0;
beforeEach(() => {
  count += 1;
  for (const proxy of Object.values(proxies)) proxy.heal();
});

function write(source: DataSource): Promise<unknown> {
  return source.query(`insert into entry values ('test ${count}')`);
}

/** Its one connection is in nobody's hands. */
function isFree({ driver }: DataSource): boolean {
  const { master } = driver as unknown as { readonly master: Pool };
  return master.waitingCount === 0 && master.idleCount === master.totalCount;
}

/** Of this test; each of them has a connection to ask with, and it is in no transaction. */
async function written(...some: readonly DataSource[]): Promise<readonly boolean[]> {
  await eventually('everything has ended', () => engine.inFlight() === 0);
  return Promise.all(
    some.map(async (source) => {
      const text = `select who from entry where who = 'test ${count}'`;
      return (await source.query<readonly unknown[]>(text)).length === 1;
    }),
  );
}

describe('a connection is given back', () => {
  const failing: readonly [string, () => Promise<unknown>][] = [
    ['the work throws', () => Promise.reject(new Error('no'))],
    ['a read has failed that nobody minded', () => sources.left.query('select 1/0').catch(ignore)],
    ['a write has failed that nobody minded', () => write(sources.left).catch(ignore)],
    ['one of MariaDB has failed', () => write(sources.maria).catch(ignore)],
  ];
  test.each(failing)('where %s', async (_, fail) => {
    const work = run(async () => {
      for (const source of all) await write(source);
      await fail();
    });
    await expect(work).rejects.toBeInstanceOf(Error);
    expect(await written(...all)).toEqual([false, false, false, false]);
  });

  test('where the one that only reads has failed, and nobody minded', async () => {
    const work = run(async () => {
      await write(sources.right);
      await sources.left.query('select 1/0').catch(ignore);
    });
    await expect(work).rejects.toBeInstanceOf(RolledBack);
    const { rows } = await left.pool.query(
      `select state from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(rows).toEqual([]);
    expect(await written(sources.left, sources.right)).toEqual([false, false]);
  });

  test('where a runner was taken, and nothing said on it', async () => {
    await run(async () => {
      await write(sources.right);
      await sources.left.createQueryRunner().connect();
    });
    expect(await written(sources.left, sources.right)).toEqual([false, true]);
  });

  test('where it can begin no transaction, and nothing is done outside of one', async () => {
    const source = await postgresSource(left.databaseUrl, one);
    Object.assign(source.options, { isolationLevel: 'NO SUCH LEVEL' }); // Postgres says no to it
    const own = await openEmbedded({
      databaseUrl: journal.databaseUrl,
      databases: { source },
      settings: PROMPT,
    });
    onTestFinished(() => own.close());
    const insert = () => source.query('insert into entry values ($1)', [`test ${count}`]);
    const work = own.globalTransactions.run(async () => {
      await expect(insert()).rejects.toThrow('syntax error');
      await expect(insert()).rejects.toThrow('syntax error');
    });
    await expect(work).rejects.toBeInstanceOf(RolledBack);
    const { rowCount } = await left.pool.query('select from entry where who = $1', [
      `test ${count}`,
    ]);
    expect(rowCount).toBe(0);
  });

  test('once: what fails later ends nobody else’s transaction on it', async () => {
    const fault = proxies.home.once(requestOf(COMMIT), 'spoil');
    const asked = Promise.withResolvers<void>();
    const work = run(async () => {
      await write(sources.right);
      await write(sources.home);
      asked.resolve();
    });
    work.catch(ignore);
    await asked.promise;
    // Gets the one connection as soon as it is given back, and wants to undo what it does on it.
    const neighbour = sources.home.transaction(async (manager) => {
      await manager.query(`insert into entry values ('neighbour')`);
      throw new Error('undone');
    });
    await expect(neighbour).rejects.toThrow('undone');
    await expect(work).rejects.toBeInstanceOf(RolledBack);
    expect(fault.fired).toBe(1);
    const { rowCount } = await journal.pool.query(`select from entry where who = 'neighbour'`);
    expect(rowCount).toBe(0);
    expect(await written(sources.right, sources.home)).toEqual([false, false]);
  });
});

describe('nothing waits for ever', () => {
  test('for a connection: the work has run out of time', async () => {
    const runner = sources.left.createQueryRunner();
    await runner.connect();
    const work = run(
      async () => {
        await write(sources.right);
        await write(sources.left);
      },
      { deadlineMs: 300 },
    );
    await expect(work).rejects.toThrow('run out of time');
    await runner.release();
    await eventually('it is free', () => isFree(sources.left), FREE_WITHIN_MS);
    expect(await written(sources.left, sources.right)).toEqual([false, false]);
  });

  test.each([
    ['Postgres', sources.right, 'select pg_sleep(60)'],
    ['MariaDB', sources.maria, 'select sleep(60)'],
  ] as const)('for a statement of %s', async (_, source, text) => {
    const work = run(
      async () => {
        await write(sources.left);
        await source.query(text);
      },
      { deadlineMs: 300 },
    );
    await expect(work).rejects.toThrow('run out of time');
    expect(await written(sources.left, source)).toEqual([false, false]);
  });

  test('for work that hangs: its locks are let go of', async () => {
    const [hanging, wrote] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const work = run(
      async () => {
        await write(sources.left);
        await write(sources.maria);
        wrote.resolve();
        await hanging.promise;
      },
      { deadlineMs: 300 },
    );
    work.catch(ignore);
    await wrote.promise;
    await maria.pool.query(`insert into entry values ('test ${count}')`); // waits for its lock
    await left.pool.query(`insert into entry values ('test ${count}')`);
    hanging.resolve();
    await expect(work).rejects.toBeInstanceOf(RolledBack);
  });

  test('for two global transactions that wait for each other in two databases', async () => {
    await left.pool.query(`insert into entry values ('shared')`);
    await right.pool.query(`insert into entry values ('shared')`);
    const [l, r] = [
      await postgresSource(left.databaseUrl),
      await postgresSource(right.databaseUrl),
    ];
    const pair = await openEmbedded({
      databaseUrl: journal.databaseUrl,
      databases: { l, r },
      settings: PROMPT,
    });
    onTestFinished(() => pair.close());
    const touch = (source: DataSource): Promise<unknown> =>
      source.query(`update entry set who = who where who = 'shared'`);
    const both = Promise.withResolvers<void>();
    let touched = 0;
    const order = (first: DataSource, second: DataSource): Promise<void> =>
      pair.globalTransactions.run(
        async () => {
          await touch(first);
          touched += 1;
          if (touched === 2) both.resolve();
          await both.promise;
          await touch(second);
        },
        { deadlineMs: touched === 0 ? 600 : 1_500 },
      );
    const ends = await Promise.allSettled([order(l, r), order(r, l)]);
    expect(ends.some(({ status }) => status === 'rejected')).toBe(true);
    await touch(l);
    await touch(r);
  });

  test('for a vote', async () => {
    const fault = proxies.left.once(requestOf(PREPARE_TRANSACTION), 'hold');
    const work = run(async () => {
      await write(sources.left);
      await write(sources.right);
    });
    await expect(work).rejects.toBeInstanceOf(RolledBack);
    expect(fault.fired).toBe(1);
    fault.lose();
    expect(await written(sources.left, sources.right)).toEqual([false, false]);
  });

  test('for the commit of one alone, of which only that database can tell', async () => {
    const fault = proxies.left.once(requestOf(COMMIT), 'hold');
    const error: unknown = await run(() => write(sources.left)).catch((caught: unknown) => caught);
    expect(fault.fired).toBe(1);
    expect(error).toBeInstanceOf(InDoubt);
    expect(error).toHaveProperty('isDecided', false);
    fault.lose();
    expect(await written(sources.left)).toEqual([false]);
  });
});

describe('a DataSource that is destroyed meanwhile', () => {
  test.each(['postgres', 'mysql'] as const)(
    'ends, and what is at work with it (%s)',
    async (kind) => {
      const source =
        kind === 'postgres'
          ? await postgresSource(left.databaseUrl)
          : await mariadbSource(maria.url);
      const own = await openEmbedded({
        databaseUrl: journal.databaseUrl,
        databases: { source, r: await postgresSource(right.databaseUrl) },
        settings: PROMPT,
      });
      onTestFinished(() => own.close());
      const work = own.globalTransactions.run(async () => {
        await write(source);
        await source.destroy();
        await write(source);
      });
      await expect(work).rejects.toBeInstanceOf(Error);
      const again = `insert into entry values ('test ${count}')`; // nobody holds its lock
      if (kind === 'postgres') await left.pool.query(again);
      else await maria.pool.query(again);
    },
  );
});

describe('a coordinator that closes', () => {
  test('lets the work that goes on make no statement outside of its global transaction', async () => {
    const source = await postgresSource(left.databaseUrl);
    const own = await openEmbedded({
      databaseUrl: journal.databaseUrl,
      databases: { source },
      settings: PROMPT,
    });
    const closed = Promise.withResolvers<void>();
    const work = own.globalTransactions.run(async () => {
      await write(source);
      await closed.promise;
      await source.query(`insert into entry values ('outside')`);
    });
    work.catch(ignore);
    await own.close();
    closed.resolve();
    await expect(work).rejects.toBeInstanceOf(Misused);
    await expect(own.globalTransactions.run(() => write(source))).rejects.toBeInstanceOf(Misused);
    const { rowCount } = await left.pool.query(
      `select from entry where who in ('outside', 'test ${count}')`,
    );
    expect(rowCount).toBe(0);
  });

  test('waits for work that is about to end', async () => {
    const source = await postgresSource(left.databaseUrl);
    const own = await openEmbedded({
      databaseUrl: journal.databaseUrl,
      databases: { source },
      settings: PROMPT,
    });
    const work = own.globalTransactions.run(() => write(source));
    await own.close();
    await work;
    await write(source).catch(ignore); // as before: it is no coordinator's any more
    expect(await written(source)).toEqual([true]);
  });
});

function ignore(): void {}
