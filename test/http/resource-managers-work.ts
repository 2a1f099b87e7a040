// What services do that work in resource managers: they prepare what they have done under the name
// that enlisting has told them.
import { ensureOutcomeTable, XaBranch } from '@concordat/participants';
import type { ResourceView } from '@concordat/wire';
import type { Pool as MysqlPool } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import type { Pool } from 'pg';
import { eventually } from '../support/eventually.js';

type PostgresName = Extract<ResourceView, { kind: 'postgres' }>;
type MysqlName = Extract<ResourceView, { kind: 'mysql' }>;

export async function makeWork(pool: Pool): Promise<void> {
  await pool.query('create table work (what text not null)');
}

/** Writes `what`, and prepares it. */
export async function prepareIn(pool: Pool, gid: string, what: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into work values ($1)', [what]);
    await client.query(`prepare transaction '${gid}'`);
  } finally {
    client.release(true);
  }
}

/** How often `what` is there. */
export async function workIn(pool: Pool, what: string): Promise<number> {
  return (await pool.query('select from work where what = $1', [what])).rowCount ?? 0;
}

export async function makeMysqlWork(pool: MysqlPool): Promise<void> {
  await pool.query('create table work (what varchar(200) not null) engine = InnoDB');
  await ensureOutcomeTable((text) => pool.query(text));
}

/** The same in MariaDB; the server has noticed that the session is gone. */
export async function prepareAt(
  { url, pool }: { readonly url: string; readonly pool: MysqlPool },
  { gtrid, bqual }: Pick<MysqlName, 'gtrid' | 'bqual'>,
  what: string,
): Promise<void> {
  const connection = await createConnection(url);
  const branch = new XaBranch((text, values) => connection.query(text, values), { gtrid, bqual });
  await branch.start();
  await branch.run('insert into work values (?)', [what]);
  await branch.prepare();
  const { threadId } = connection;
  connection.destroy();
  await eventually('the session is gone', async () => {
    const text = 'select 1 from information_schema.processlist where id = ?';
    const [rows] = await pool.query(text, [threadId]);
    return Array.isArray(rows) && rows.length === 0;
  });
}

export async function mysqlWorkIn(pool: MysqlPool, what: string): Promise<number> {
  const [rows] = await pool.query('select 1 from work where what = ?', [what]);
  return Array.isArray(rows) ? rows.length : 0;
}

export function postgresName(resource: ResourceView | undefined): PostgresName {
  if (resource?.kind !== 'postgres') throw new Error('not a name for Postgres');
  return resource;
}

export function mysqlName(resource: ResourceView | undefined): MysqlName {
  if (resource?.kind !== 'mysql') throw new Error('not a name for MariaDB');
  return resource;
}
