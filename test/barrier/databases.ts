// A Postgres database of a test's own, on the server that the run provides.
import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';
import { inject } from 'vitest';

export interface Database {
  readonly url: string;
  readonly pool: Pool;
  /** Ends the pool, finishes what is still prepared, and drops the database. */
  drop(): Promise<void>;
}

export async function createDatabase(): Promise<Database> {
  const serverUrl = inject('databaseUrl');
  const name = `barrier_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, max: 20 });
  return {
    url: url.href,
    pool,
    drop: async () => {
      await rollBackPrepared(pool);
      await pool.end();
      await onServer(serverUrl, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

export async function preparedGids(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = current_database() order by gid',
  );
  return rows.map(({ gid }) => gid);
}

async function rollBackPrepared(pool: Pool): Promise<void> {
  for (const gid of await preparedGids(pool)) await pool.query(`rollback prepared '${gid}'`);
}

async function onServer(url: string, act: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}
