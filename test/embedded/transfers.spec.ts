// Global transactions over databases of the application's own: repositories that know of nothing.
import type { Embedded } from '@concordat/embedded';
import type { DataSource } from 'typeorm';
import { beforeEach, describe, expect, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { embedded, mariadbSource, postgresSource } from './support.js';

const journal = await databaseFromTemplate();
const left = await emptyDatabase();
const right = await emptyDatabase();
const maria = await mariadbDatabase();

const ACCOUNT =
  'create table account (id varchar(20) primary key, balance int not null check (balance >= 0))';

async function withAccounts(source: DataSource): Promise<DataSource> {
  await source.query(ACCOUNT);
  await source.query(`insert into account values ('ann', 100), ('bob', 100)`);
  return source;
}

async function move(source: DataSource, account: string, amount: number): Promise<void> {
  await source.query(`update account set balance = balance + ${amount} where id = '${account}'`);
}

async function balances(...sources: readonly DataSource[]): Promise<readonly number[]> {
  return Promise.all(
    sources.map(async (source) => {
      const rows = await source.query<readonly { balance: number }[]>(
        `select balance from account where id = 'ann'`,
      );
      return rows[0]?.balance ?? -1;
    }),
  );
}

async function nothingPrepared(): Promise<void> {
  const { rows } = await journal.pool.query(
    'select gid from pg_prepared_xacts where database = any($1)',
    [[left, right, journal].map(({ databaseUrl }) => new URL(databaseUrl).pathname.slice(1))],
  );
  expect(rows).toEqual([]);
}

const a = await withAccounts(await postgresSource(left.databaseUrl));
const b = await withAccounts(await postgresSource(right.databaseUrl));
const home = await withAccounts(await postgresSource(journal.databaseUrl));
const m = await withAccounts(await mariadbSource(maria.url));
const app: Embedded = await embedded({
  databaseUrl: journal.databaseUrl,
  databases: { a, b, home, m },
});
const { globalTransactions } = app;

beforeEach(async () => {
  for (const source of [a, b, home, m]) await source.query('update account set balance = 100');
});

describe('a global transaction over databases of the application', () => {
  test.each([
    { title: 'two Postgres databases', sources: [a, b] },
    { title: 'Postgres and MariaDB', sources: [a, m] },
    { title: "the journal's own database and another", sources: [home, b] },
    { title: "all four, the journal's among them", sources: [a, m, home, b] },
  ])('commits all of $title together', async ({ sources }) => {
    const value = await globalTransactions.run(async () => {
      for (const source of sources) await move(source, 'ann', -10);
      return 'moved';
    });
    expect(value).toBe('moved');
    expect(await balances(...sources)).toEqual(sources.map(() => 90));
    await nothingPrepared();
  });

  test.each([
    { title: 'two Postgres databases', sources: [a, b] },
    { title: 'Postgres and MariaDB', sources: [a, m] },
    { title: "the journal's own database and another", sources: [home, b] },
  ])('rolls all of $title back together when the work throws', async ({ sources }) => {
    const work = globalTransactions.run(async () => {
      for (const source of sources) await move(source, 'ann', -10);
      throw new Error('no stock');
    });
    await expect(work).rejects.toThrow('no stock');
    expect(await balances(...sources)).toEqual(sources.map(() => 100));
    await nothingPrepared();
  });
});
