// A database for a service that prepares transactions in it.
import { Pool } from 'pg';
import { afterAll } from 'vitest';
import type { TestDatabase } from '../support/databases.js';
import { emptyDatabase } from '../support/databases.js';
import { rollBackWhatIsLeft } from '../support/left-prepared.js';

/** Call it at the top of a file. What is still prepared at its end would keep it from going. */
export async function serviceDatabase(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  afterAll(() => rollBackWhatIsLeft(database.pool));
  return database;
}

/** @param max connections; what a server that goes away does to idle ones is no matter here */
export function poolOf(databaseUrl: string, max = 10): Pool {
  const pool = new Pool({ connectionString: databaseUrl, max });
  pool.on('error', () => undefined);
  return pool;
}

export async function preparedGids(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = current_database() order by gid',
  );
  return rows.map(({ gid }) => gid);
}
