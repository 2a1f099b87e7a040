import {
  openJournal,
  PostgresUnreachable,
  UnfitDatabase,
  waitForPostgres,
} from '@concordat/journal';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { emptyDatabase } from '../support/databases.js';

const { databaseUrl, pool } = await emptyDatabase();
const { rows } = await pool.query<{ name: string }>('select current_database() as name');
const [{ name }] = rows as [{ name: string }];

const open = () => openJournal({ databaseUrl, owner: 'here', waitMs: 0 });

describe('a database in which a decision could be lost is refused', () => {
  test.each([
    ['synchronous_commit', 'off', 'synchronous_commit is off'],
    ['synchronous_commit', 'local', 'synchronous_commit is local'],
    ['default_transaction_read_only', 'on', 'read-only'],
  ])('%s = %s', async (setting, value, reason) => {
    await pool.query(`alter database ${name} set ${setting} = ${value}`);
    await expect(open()).rejects.toThrow(UnfitDatabase);
    await expect(open()).rejects.toThrow(reason);
    await pool.query('set default_transaction_read_only = off');
    await pool.query(`alter database ${name} reset ${setting}`);
    await (await open()).close();
  });
});

describe('a database that does not answer', () => {
  const silent = createServer();
  afterAll(() => silent.close());

  test('is waited for, with a word each time, and then given up', async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    await new Promise((resolve) => silent.close(resolve));
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const reasons: string[] = [];
    const waiting = waitForPostgres({
      databaseUrl: url,
      timeoutMs: 600,
      onWaiting: (reason) => reasons.push(reason),
    });
    await expect(waiting).rejects.toThrow(PostgresUnreachable);
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons[0]).toContain('ECONNREFUSED');
  });
});

describe('a database that says no', () => {
  test.each([
    ['a wrong password', (url: URL) => (url.password = 'wrong'), '28P01'],
    ['a database that does not exist', (url: URL) => (url.pathname = '/nowhere'), '3D000'],
  ])('is not waited for: %s', async (_, change, code) => {
    const url = new URL(databaseUrl);
    change(url);
    const waiting = waitForPostgres({
      databaseUrl: url.href,
      timeoutMs: 60_000,
      onWaiting: () => expect.fail('it waits'),
    });
    await expect(waiting).rejects.toMatchObject({ code });
  });
});
