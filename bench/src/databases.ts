// The databases of the bench, beside whatever else the server holds. Dropped when it ends.
import pg from 'pg';

export const databases = {
  coordinator: 'concordat_bench',
  bankA: 'concordat_bench_bank_a',
  bankB: 'concordat_bench_bank_b',
  byHand: 'concordat_bench_by_hand',
  byHandBankA: 'concordat_bench_by_hand_bank_a',
  byHandBankB: 'concordat_bench_by_hand_bank_b',
} as const;

export const databaseNames: readonly string[] = Object.values(databases);

/** Server settings without which the figures would say something else, or nothing at all. */
const DEMANDED: readonly (readonly [name: string, isRight: (value: string) => boolean])[] = [
  ['fsync', (value) => value === 'on'],
  ['synchronous_commit', (value) => value === 'on'],
  ['server_version_num', (value) => Number(value) >= 180_000],
  ['max_prepared_transactions', (value) => Number(value) >= 200],
  ['max_connections', (value) => Number(value) >= 250],
];

/** A session on the server's own database, having made sure that the server is as demanded. */
export async function connectAdmin(databaseUrl: string): Promise<pg.Client> {
  const admin = new pg.Client(databaseUrl);
  await admin.connect();
  for (const [name, isRight] of DEMANDED) {
    const { rows } = await admin.query<{ value: string }>('select current_setting($1) as value', [
      name,
    ]);
    const value = rows[0]?.value ?? '';
    if (!isRight(value))
      throw new Error(`this server's ${name} (${value}) does not suit the bench`);
  }
  return admin;
}

export async function createDatabases(admin: pg.Client, serverUrl: string): Promise<void> {
  await dropDatabases(admin, serverUrl);
  for (const name of databaseNames) await admin.query(`create database ${name}`);
}

export async function dropDatabases(admin: pg.Client, serverUrl: string): Promise<void> {
  for (const name of databaseNames) {
    await rollBackPrepared(admin, urlOfDatabase(serverUrl, name), name);
    await admin.query(`drop database if exists ${name} with (force)`);
  }
}

/** What an interrupted run has left prepared; only a session of its own database may end it. */
async function rollBackPrepared(admin: pg.Client, url: string, database: string): Promise<void> {
  const { rows } = await admin.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = $1',
    [database],
  );
  if (rows.length === 0) return;
  const session = new pg.Client(url);
  await session.connect();
  for (const { gid } of rows) {
    await session.query(`rollback prepared ${session.escapeLiteral(gid)}`);
  }
  await session.end();
}

export function urlOfDatabase(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}
