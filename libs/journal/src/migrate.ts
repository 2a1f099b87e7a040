// Brings the schema up to date. Several coordinators may boot at once, and TypeORM takes no lock
// (of four at once, three failed): a session of our own holds an advisory lock meanwhile, which
// Postgres frees should we die.
import { migrations } from '@concordat/migrations';
import pg from 'pg';
import { DataSource } from 'typeorm';

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
  });
  await dataSource.initialize();
  try {
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    return applied.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}
