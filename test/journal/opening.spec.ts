import {
  openJournal,
  PostgresUnreachable,
  UnfitDatabase,
  waitForPostgres,
} from '@concordat/journal';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { emptyDatabase } from '../support/databases.js';

const { databaseUrl } = await emptyDatabase();
const name = new URL(databaseUrl).pathname.slice(1);

/** In another database: what is set for this one would hold for it as well. */
const superuser = new pg.Client({ connectionString: inject('databaseUrl') });
beforeAll(() => superuser.connect());
afterAll(() => superuser.end());

const open = () => openJournal({ databaseUrl, owner: 'here', waitMs: 0 });

describe('a database in which a decision could be lost is refused', () => {
  test.each([
    ['synchronous_commit', 'off', 'synchronous_commit is off'],
    ['synchronous_commit', 'local', 'synchronous_commit is local'],
    ['default_transaction_read_only', 'on', 'read-only'],
  ])('%s = %s', async (setting, value, reason) => {
    await superuser.query(`alter database ${name} set ${setting} = ${value}`);
    await expect(open()).rejects.toThrow(UnfitDatabase);
    await expect(open()).rejects.toThrow(reason);
    await superuser.query(`alter database ${name} reset ${setting}`);
    await (await open()).close();
  });
});

test('who is frozen within a transaction is thrown out of it, for he may hold the audit', async () => {
  const journal = await open();
  const setting = {
    name: 'test-setting',
    text: `select extract(epoch from
                  current_setting('idle_in_transaction_session_timeout')::interval)::float8 as s`,
  };
  const [row] = await journal.database.run<{ s: number }>(setting, []);
  expect(row?.s).toBe(10);
  await journal.close();
});

test('a database that does not answer is waited for, and then given up', async () => {
  const reasons: string[] = [];
  const waiting = waitForPostgres({
    databaseUrl: `postgres://postgres@127.0.0.1:${await freePort()}/postgres`,
    timeoutMs: 600,
    onWaiting: (reason) => reasons.push(reason),
  });
  await expect(waiting).rejects.toThrow(PostgresUnreachable);
  expect(reasons[0]).toContain('ECONNREFUSED');
});

describe('a database that says no', () => {
  test.each([
    ['a user that does not exist', (url: URL) => (url.username = 'nobody'), /^28/],
    ['a database that does not exist', (url: URL) => (url.pathname = '/nowhere'), /^3D000$/],
  ])('is not waited for: %s', async (_, change, code) => {
    const url = new URL(databaseUrl);
    change(url);
    const waiting = waitForPostgres({
      databaseUrl: url.href,
      timeoutMs: 60_000,
      onWaiting: () => expect.fail('it waits'),
    });
    await expect(waiting).rejects.toMatchObject({ code: expect.stringMatching(code) });
  });
});
