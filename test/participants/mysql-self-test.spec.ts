// What the self-test says of real MariaDB servers, and what it leaves behind.
import type { SelfTest } from '@concordat/engine';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mariadbDatabase, ownMariadb } from '../support/mariadb.js';
import { managerOf } from './mysql-subject.js';

const { url, pool } = await mariadbDatabase();

async function selfTest(at: string): Promise<SelfTest> {
  const adapter = managerOf(at);
  try {
    return await adapter.selfTest();
  } finally {
    await adapter.close();
  }
}

const found = ({ checks }: SelfTest, verdict: string): readonly string[] =>
  checks.filter((check) => check.verdict === verdict).map(({ name }) => name);

/** @returns the URL of an account with these privileges alone */
async function account(privileges: string): Promise<string> {
  const it = new URL(url);
  it.username = `app${Math.random().toString(36).slice(2, 10)}`;
  it.password = 'app';
  const who = `${it.username}@'127.0.0.1'`;
  await pool.query(`create user ${who} identified by 'app'`);
  onTestFinished(async () => void (await pool.query(`drop user ${who}`)));
  await pool.query(`grant ${privileges} on ${it.pathname.slice(1)}.* to ${who}`);
  return it.href;
}

describe('a self-test', () => {
  test('passes on a server as it comes, makes the outcome table, and leaves no row', async () => {
    const result = await selfTest(url);
    expect(result.checks.filter(({ verdict }) => verdict !== 'passes')).toEqual([]);
    expect(result.verdict).toBe('passes');
    expect(result.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['version', 'concordat_outcome', 'prepare', 'finish']),
    );
    const [rows] = await pool.query('select * from concordat_outcome');
    expect(rows).toEqual([]);
  });

  test('passes for an account that may only write rows, where the table is there', async () => {
    await selfTest(url);
    const result = await selfTest(await account('select, insert, delete'));
    expect(result.verdict).toBe('passes');
  });

  test('says which statement makes the outcome table, for an account that may not', async () => {
    await pool.query('drop table if exists concordat_outcome');
    const result = await selfTest(await account('select'));
    expect(found(result, 'risk')).toEqual(['concordat_outcome']);
    const [risk] = result.checks.filter(({ verdict }) => verdict === 'risk');
    const [, statement = ''] = /run (?<statement>create table .*)$/.exec(risk?.finding ?? '') ?? [];
    await pool.query(statement);
    expect((await selfTest(await account('select'))).verdict).toBe('passes');
  });
});

describe('on a server of its own, a self-test', async () => {
  const careless = await ownMariadb({
    'innodb-flush-log-at-trx-commit': 2,
    'log-bin': 'binlog',
    'sync-binlog': 0,
    'default-storage-engine': 'MyISAM',
  });
  const readOnly = await ownMariadb({ 'read-only': 1 });
  const synchronised = await ownMariadb({ 'log-bin': 'binlog', 'sync-binlog': 1 });

  test('finds what a power cut may lose', async () => {
    await careless.start();
    const result = await selfTest(careless.url);
    expect(result.verdict).toBe('risk');
    expect(found(result, 'risk')).toEqual([
      'default_storage_engine',
      'innodb_flush_log_at_trx_commit',
      'sync_binlog',
    ]);
    expect(found(result, 'fails')).toEqual([]);
  });

  test('fails where it is read-only, and prepares nothing', async () => {
    await readOnly.start();
    const result = await selfTest(readOnly.url);
    expect(result.verdict).toBe('fails');
    expect(found(result, 'fails')).toEqual(['read_only']);
    const [tables] = await readOnly.pool.query('show tables');
    expect(tables).toEqual([]);
  });

  test('passes with a binary log that is synchronised', async () => {
    await synchronised.start();
    expect((await selfTest(synchronised.url)).verdict).toBe('passes');
  });
});
