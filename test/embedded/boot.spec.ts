// What a coordinator inside an application needs of its databases, and what it says if it has not.
import { Misused, openEmbedded, RolledBack } from '@concordat/embedded';
import type { EmbeddedOptions } from '@concordat/embedded';
import type { Scan } from '@concordat/recovery';
import { DataSource } from 'typeorm';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { mariadbDatabase, ownMariadb } from '../support/mariadb.js';
import { ownServer } from '../support/own-server.js';
import { embedded, mariadbSource, postgresSource, PROMPT } from './support.js';

const journal = await databaseFromTemplate();
const { databaseUrl: otherUrl, pool: otherPool } = await emptyDatabase();
const TABLE = 'create table entry (who varchar(60) primary key)';
await otherPool.query(TABLE);
await journal.pool.query(TABLE);
let other: DataSource;
let home: DataSource;
beforeEach(async () => {
  other = await postgresSource(otherUrl);
  home = await postgresSource(journal.databaseUrl);
});

function opening(more: Partial<EmbeddedOptions>): Promise<string> {
  return openEmbedded({ databaseUrl: journal.databaseUrl, ...more }).then(
    async (opened) => {
      await opened.close();
      return 'opened';
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(Misused);
      return (error as Error).message;
    },
  );
}

describe('what cannot be is refused before anything is done', () => {
  test.each([
    [{ deadlineMs: -1 }, /^deadlineMs is -1, and must be a whole number, 1 to/],
    [{ orphanAgeMs: Number.NaN }, /^orphanAgeMs is NaN/],
    [{ sweepPeriodMs: 2_000, leaseMs: 1_000 }, /^leaseMs is less than sweepPeriodMs/],
  ])('a setting such as %j', async (settings, why) => {
    expect(await opening({ settings })).toMatch(why);
  });

  test('a name that cannot be part of a gid', async () => {
    expect(await opening({ databases: { "it's": other } })).toMatch(/may not be called "it's"/);
  });

  test('a name of two', async () => {
    const participants = new Map([['a', { kind: 'in-process' as const }]]);
    expect(await opening({ databases: { a: other }, participants })).toMatch(/participant as well/);
  });

  test('a DataSource with two names', async () => {
    expect(await opening({ databases: { a: other, b: other } })).toBe(
      '"a" and "b" are one DataSource',
    );
  });

  test('a DataSource of two coordinators, until the first is closed', async () => {
    const first = await openEmbedded({ databaseUrl: journal.databaseUrl, databases: { other } });
    expect(await opening({ databases: { home, other } })).toMatch(/of another coordinator/);
    await first.close();
    expect(await opening({ databases: { home, other } })).toBe('opened');
  });

  test('a kind of database that cannot be left prepared', async () => {
    const roach = new DataSource({ type: 'cockroachdb', url: otherUrl, timeTravelQueries: false });
    expect(await opening({ databases: { roach } })).toMatch(/need postgres, mysql or mariadb/);
  });
});

test('a database that is out of reach at boot is reported, and takes part when it is back', async () => {
  const server = await ownServer({ max_prepared_transactions: '10' });
  await server.start();
  const late = await postgresSource(server.databaseUrl);
  await late.query(TABLE);
  await server.stop();
  const scans: Scan[] = [];
  const troubles: string[] = [];
  const { globalTransactions, recovery } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases: { late, other },
    observer: {
      troubled: (where) => troubles.push(where),
      scanned: (scan) => scans.push(scan),
    },
  });
  expect(troubles).toContain('look at late');
  await eventually('recovery says so', () => scans.some(({ error }) => error !== undefined));
  expect(recovery.statuses().find(({ name }) => name === 'other')?.lastScan?.error).toBe(undefined);
  const write = (who: string): Promise<unknown> =>
    globalTransactions.run(async () => {
      await other.query('insert into entry values ($1)', [who]);
      await late.query('insert into entry values ($1)', [who]);
    });
  await expect(write('too early')).rejects.toBeInstanceOf(Error);
  await server.start();
  await eventually('it is seen', () =>
    scans.some((scan) => scan.resourceManager === 'late' && scan.error === undefined),
  );
  await write('in time');
  expect(await late.query('select who from entry')).toEqual([{ who: 'in time' }]);
  expect(await other.query('select who from entry')).toEqual([{ who: 'in time' }]);
  await late.destroy();
  await server.stop();
});

test('max_prepared_transactions = 0 is named when it is in the way', async () => {
  const server = await ownServer({ max_prepared_transactions: '0' });
  await server.start();
  const disabled = await postgresSource(server.databaseUrl);
  await disabled.query(TABLE);
  const { globalTransactions, recovery } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases: { disabled, home },
  });
  const work = globalTransactions.run(async () => {
    for (const source of [disabled, home]) await source.query(`insert into entry values ('no')`);
  });
  await expect(work).rejects.toBeInstanceOf(RolledBack);
  await expect(work).rejects.toThrow(/max_prepared_transactions/);
  for (const source of [disabled, home]) {
    expect(await source.query(`select who from entry where who = 'no'`)).toEqual([]);
  }
  const found = await recovery.selfTest('disabled');
  expect(found?.checks.find(({ verdict }) => verdict === 'fails')).toHaveProperty(
    'name',
    'max_prepared_transactions',
  );
  await globalTransactions.run(() => disabled.query(`insert into entry values ('alone')`));
  await disabled.destroy();
});

test('an application whose role may not write to the journal prepares that branch, too', async () => {
  const role = `app_${journal.databaseUrl.slice(-8)}`;
  await journal.pool.query(`create role ${role} login password 'app'`);
  await journal.pool.query(`grant all on entry to ${role}`);
  onTestFinished(async () => {
    await journal.pool.query(`drop owned by ${role}`);
    await journal.pool.query(`drop role ${role}`);
  });
  const url = new URL(journal.databaseUrl);
  url.username = role;
  url.password = 'app';
  const app = await postgresSource(url.href);
  const { globalTransactions, close } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases: { app, other },
  });
  await globalTransactions.run(async () => {
    for (const source of [app, other]) await source.query(`insert into entry values ('both')`);
  });
  expect(await app.query(`select who from entry where who = 'both'`)).toHaveLength(1);
  await close();
  await app.destroy();
});

test('a last resource whose session does not wait for the disk does so for a decision', async () => {
  const url = new URL(journal.databaseUrl);
  url.searchParams.set('options', '-c synchronous_commit=off');
  const hasty = await postgresSource(url.href);
  await journal.pool.query('create table seen (setting text)');
  await journal.pool.query(
    `create function note() returns trigger language plpgsql as $$ begin
       insert into seen values (current_setting('synchronous_commit')); return new; end $$`,
  );
  await journal.pool.query(
    `create constraint trigger note after insert on entry deferrable initially deferred
       for each row execute function note()`,
  );
  onTestFinished(async () => {
    await journal.pool.query('drop trigger note on entry');
  });
  const { globalTransactions } = await embedded({
    databaseUrl: journal.databaseUrl,
    databases: { hasty, other },
  });
  await globalTransactions.run(async () => {
    for (const source of [hasty, other]) await source.query(`insert into entry values ('hasty')`);
  });
  const { rows } = await journal.pool.query('select setting from seen');
  expect(rows).toEqual([{ setting: 'on' }]); // as the commit found it
  expect(await hasty.query('show synchronous_commit')).toEqual([{ synchronous_commit: 'off' }]);
});

describe('MariaDB', () => {
  test('whose table of outcomes may not be made says what to run', async () => {
    const { url, pool, database } = await mariadbDatabase();
    await pool.query(TABLE);
    await pool.query(`create or replace user poor identified by 'poor'`);
    await pool.query(`grant select, insert, update, delete on ${database}.* to poor`);
    onTestFinished(async () => {
      await pool.query('drop user poor');
    });
    const poorUrl = new URL(url);
    poorUrl.username = 'poor';
    poorUrl.password = 'poor';
    const poor = await mariadbSource(poorUrl.href);
    const { globalTransactions } = await embedded({
      databaseUrl: journal.databaseUrl,
      databases: { poor, other },
    });
    const write = (): Promise<unknown> =>
      globalTransactions.run(async () => {
        for (const source of [poor, other]) await source.query(`insert into entry values ('poor')`);
      });
    const error: unknown = await write().catch((caught: unknown) => caught);
    const statement = /create table if not exists concordat_outcome [^]* engine = InnoDB/;
    expect((error as Error).message).toMatch(statement);
    await pool.query(statement.exec((error as Error).message)?.[0] ?? '');
    await write();
    expect(await poor.query('select who from entry')).toEqual([{ who: 'poor' }]);
    await poor.destroy();
  });

  test('has a first burst of global transactions as large as its pool', async () => {
    const server = await ownMariadb();
    await server.start();
    const crowd = await mariadbSource(server.url, { poolSize: 4 });
    await crowd.query(TABLE);
    const { globalTransactions } = await embedded({
      databaseUrl: journal.databaseUrl,
      databases: { crowd },
      settings: PROMPT,
    });
    const many = Array.from({ length: 8 }, (_, number) =>
      globalTransactions.run(() => crowd.query(`insert into entry values ('${number}')`)),
    );
    await Promise.all(many);
    expect(await crowd.query('select who from entry')).toHaveLength(8);
    await crowd.destroy();
  });
});
