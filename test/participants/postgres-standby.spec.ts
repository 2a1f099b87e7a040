// A server in recovery: it has what its primary has prepared, and lists none of it.
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ResourceManagerUnreachable } from '@concordat/engine';
import { gidOf } from '@concordat/wire';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { newName } from './contract/subject.js';
import { managerOf, prepareIn } from './postgres-subject.js';

// A server counts as started when it says that it is "ready to accept connections". A standby says
// "read-only connections", so here every line says it, and whoever connects waits (`query`).
const server = await ownServer({ log_line_prefix: 'ready to accept connections: ' });

async function connected(): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: server.databaseUrl });
  try {
    await client.connect();
    return client;
  } catch {
    await client.end();
    return undefined;
  }
}

async function query<Row extends pg.QueryResultRow>(text: string): Promise<readonly Row[]> {
  const client = await eventually('somebody can connect', connected);
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

test('a standby is unreachable, for its empty list would mean that nothing is prepared', async () => {
  await server.start();
  const name = newName();
  await query('create table work (gid text primary key)');
  const pool = new pg.Pool({ connectionString: server.databaseUrl });
  await prepareIn(pool, gidOf(name));
  await pool.end();
  const [where] = await query<{ data_directory: string }>('show data_directory');
  const signal = path.join(where?.data_directory ?? '', 'standby.signal');

  await server.stop();
  writeFileSync(signal, '', { mode: 0o666 });
  await server.start();
  const [seen] = await query<{ recovers: boolean; listed: number }>(
    `select pg_is_in_recovery() as recovers,
            (select count(*)::int from pg_prepared_xacts) as listed`,
  );
  expect(seen).toEqual({ recovers: true, listed: 0 });
  const manager = managerOf(server.databaseUrl);
  onTestFinished(() => manager.close());
  await expect(manager.prepared()).rejects.toThrow(ResourceManagerUnreachable);
  await expect(manager.prepared()).rejects.toThrow('it is a standby');

  await server.stop();
  rmSync(signal, { force: true });
  await server.start();
  expect(await query('select gid from pg_prepared_xacts')).toEqual([{ gid: gidOf(name) }]);
  expect((await manager.prepared()).map(({ gid }) => gid)).toEqual([gidOf(name)]);
});
