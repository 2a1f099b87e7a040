// What becomes of wakeups kept in Postgres when it goes, or is not there yet.
import { randomBytes } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { emptyDatabase } from '../support/databases.js';
import { newGtid } from '../support/gtids.js';
import { createDatabase, dropDatabase } from '../support/server.js';
import { recording, started, until, untilItRingsAgain } from './support.js';

const { databaseUrl, pool } = await emptyDatabase();

test('the queue keeps to a schema of its own', async () => {
  await started({ kind: 'postgres', databaseUrl });
  const { rows } = await pool.query<{ schema: string }>(
    `select distinct table_schema as schema from information_schema.tables
     where table_schema not in ('pg_catalog', 'information_schema')`,
  );
  expect(rows).toEqual([{ schema: 'concordat_wakeups' }]);
});

test('a wakeup that is over leaves nothing behind', async () => {
  const wakeups = await started({ kind: 'postgres', databaseUrl });
  const gtid = newGtid();
  wakeups.ring(gtid, Date.now());
  await until('it has been woken', () => wakeups.hasWoken(gtid));
  await wakeups.close(10_000);
  const { rows } = await pool.query('select id from concordat_wakeups.job');
  expect(rows).toEqual([]);
});

test('when its sessions are ended, later rings wake again', async () => {
  const wakeups = await started({ kind: 'postgres', databaseUrl });
  await untilItRingsAgain(wakeups, newGtid);
  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await untilItRingsAgain(wakeups, newGtid);
  expect(wakeups.isHealthy()).toBe(true);
});

test('when the database is not there yet, wakeups start when it is', async () => {
  const serverUrl = inject('databaseUrl');
  const name = `concordat_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  onTestFinished(() => dropDatabase(serverUrl, name));
  const wakeups = recording({ kind: 'postgres', databaseUrl: url.href });
  wakeups.start();
  await until('it is reported', () => wakeups.troubles.length > 0);
  expect(wakeups.isHealthy()).toBe(false);
  await createDatabase(serverUrl, name);
  await untilItRingsAgain(wakeups, newGtid);
});

test('when the database is never there, wakeups close all the same', async () => {
  const url = new URL(inject('databaseUrl'));
  url.pathname = '/concordat_test_never_there';
  const wakeups = recording({ kind: 'postgres', databaseUrl: url.href });
  wakeups.start();
  await until('it is reported', () => wakeups.troubles.length > 0);
  await expect(wakeups.close(2_000)).resolves.toBeUndefined();
});
