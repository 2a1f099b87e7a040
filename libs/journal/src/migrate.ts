// Brings the schema up to date. Several coordinators may boot at once, and TypeORM takes no lock
// (of four at once, three failed): a session of our own holds an advisory lock meanwhile, which
// Postgres frees should we die.
//
// Other coordinators are at work meanwhile. Behind a lock that is waited for, everybody else waits
// too: so a migration that cannot have its lock at once lets them pass, and tries again.
import { migrations } from '@concordat/migrations';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import pg from 'pg';
import { DataSource, MigrationExecutor } from 'typeorm';
import { isLockTimeout } from './lock-timeout.js';

const LOCK_TIMEOUT_MS = 300;
const LOCK_PAUSE_MS = 500;
/** Two minutes in all: whatever holds a lock for longer is to be looked at by a person. */
const LOCK_ATTEMPTS_MAX = 150;

/** @returns the names of the migrations that this call has applied */
export async function migrate(databaseUrl: string): Promise<readonly string[]> {
  const session = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'concordat migrations',
  });
  let lost: Error | undefined;
  session.on('error', (error) => (lost = error));
  await session.connect();
  try {
    await session.query(`select pg_advisory_lock(hashtextextended('concordat.migrations', 0))`);
    await session.query('create schema if not exists concordat'); // for TypeORM's own table
    return await runMigrations(databaseUrl);
  } finally {
    if (lost === undefined) await session.end();
  }
}

async function runMigrations(url: string): Promise<readonly string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    schema: 'concordat',
    migrations: [...migrations],
    migrationsTableName: 'migration',
    applicationName: 'concordat migrations',
    poolSize: 1,
    installExtensions: false,
    logging: false,
    extra: {
      onConnect: (client: ClientBase) => client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`),
    },
  });
  await dataSource.initialize();
  try {
    const executor = new MigrationExecutor(dataSource);
    const pending = await lettingPass(() => executor.getPendingMigrations());
    await lettingPass(() => dataSource.runMigrations({ transaction: 'each' }));
    return pending.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}

/** Repeats what could not get its locks; what it has committed before, it does not do again. */
async function lettingPass<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isLockTimeout(error) || attempt === LOCK_ATTEMPTS_MAX) throw error;
      await delay(LOCK_PAUSE_MS);
    }
  }
}
