// One database a test file: real Postgres, and no test sees what another file does.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { createDatabase, dropDatabase } from './server.js';

const POOL_MAX = 10;

export interface TestDatabase {
  readonly databaseUrl: string;
  /** For statements of the test itself. */
  readonly pool: pg.Pool;
}

/** A migrated database. Call it at the top of a file: it is dropped after the file's tests. */
export async function databaseFromTemplate(): Promise<TestDatabase> {
  const database = await testDatabase(inject('template'));
  // A copy has the original's, and is another journal.
  const cluster = randomBytes(4).toString('hex');
  await database.pool.query('update concordat.cluster set id = $1', [cluster]);
  return database;
}

/** A database without anything in it, likewise. */
export function emptyDatabase(): Promise<TestDatabase> {
  return testDatabase('template1');
}

async function testDatabase(template: string): Promise<TestDatabase> {
  const serverUrl = inject('databaseUrl');
  const name = `concordat_test_${randomBytes(6).toString('hex')}`;
  const databaseUrl = await createDatabase(serverUrl, name, template);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_MAX });
  pool.on('error', () => undefined); // some tests end sessions on purpose
  afterAll(async () => {
    await pool.end();
    await dropDatabase(serverUrl, name);
  });
  return { databaseUrl, pool };
}
