// The tables of the SDK in a service's own database, which the sessions of its pool are in.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { BarrierMissing } from '../barrier-missing.js';
import { numberOf } from './session.js';

/** Ids are compared byte by byte: the collations that a database is given ignore case. */
const ID = 'varchar(64) character set ascii collate ascii_bin not null';

const TABLES: Readonly<Record<string, string>> = {
  concordat_barrier: `
create table if not exists concordat_barrier (
  gtid      ${ID},
  branch    ${ID},
  token     bigint not null,
  operation varchar(32) character set ascii not null,
  work      enum('none', 'done', 'read-only', 'completed', 'undone') not null default 'none',
  answered  bigint, -- the token that the reply is to
  reply     mediumtext character set utf8mb4,
  at        timestamp(3) not null default current_timestamp(3),
  primary key (gtid, branch)
) engine = InnoDB;`,
  concordat_branch_committed: `
create table if not exists concordat_branch_committed (
  gtid      ${ID},
  branch    ${ID},
  at        timestamp(3) not null default current_timestamp(3),
  primary key (gtid, branch)
) engine = InnoDB;`,
};

/** For the account of the service, where another makes the tables. */
const GRANTS = Object.keys(TABLES)
  .map((table) => `grant select, insert, update, delete on ${table} to '<user>'@'<host>';`)
  .join('\n');

const BOOT_ATTEMPTS_MAX = 60;
const BOOT_DELAY_MS = 500;

interface TableRow extends RowDataPacket {
  readonly name: string;
  readonly engine: string | null;
}

/**
 * Creates the tables that are missing. Call it before the first call is answered; it waits for a
 * server that is still starting. An account that may create nothing is enough where all is there.
 * @throws {BarrierMissing} with the statements to run, if this account may not create what is
 *     missing, or a table is there that cannot roll back
 * @throws what the server says, if it cannot be reached for half a minute
 */
export async function ensureBarrierMysql(pool: Pool): Promise<void> {
  for (let attempt = 1; !(await isReachable(pool, attempt === BOOT_ATTEMPTS_MAX)); attempt += 1) {
    await sleep(BOOT_DELAY_MS);
  }
  const there = await enginesOf(pool);
  for (const [table, statement] of Object.entries(TABLES)) {
    if (!there.has(table)) await create(pool, statement);
  }
  requireInnodb(await enginesOf(pool)); // a server may put another engine in place of a missing one
}

const NOT_ALLOWED: ReadonlySet<number> = new Set([
  1044, // this database
  1142, // this statement
  1227, // a privilege
]);

async function create(pool: Pool, statement: string): Promise<void> {
  try {
    await pool.query(statement);
  } catch (error) {
    if (!NOT_ALLOWED.has(numberOf(error) ?? 0)) throw error;
    const statements = `${Object.values(TABLES).join('')}\n${GRANTS}`.trim();
    const what = 'the tables of the barrier are missing, and this account may not create them';
    throw new BarrierMissing(what, statements, error);
  }
}

async function enginesOf(pool: Pool): Promise<ReadonlyMap<string, string | null>> {
  const [rows] = await pool.query<TableRow[]>({
    sql: `select table_name as name, engine as engine from information_schema.tables
           where table_schema = database() and table_name in (?)`,
    values: [Object.keys(TABLES)],
    rowsAsArray: false,
  });
  return new Map(rows.map(({ name, engine }) => [name, engine]));
}

function requireInnodb(engines: ReadonlyMap<string, string | null>): void {
  const wrong = [...engines].filter(([, engine]) => engine?.toLowerCase() !== 'innodb');
  if (wrong.length === 0) return;
  const statements = wrong.map(([table]) => `alter table ${table} engine = InnoDB;`).join('\n');
  const found = wrong.map(([table, engine]) => `${table} is ${engine ?? 'a view'}`).join(', ');
  throw new BarrierMissing(`only InnoDB can roll back and prepare, and ${found}`, statements);
}

async function isReachable(pool: Pool, isLastAttempt: boolean): Promise<boolean> {
  try {
    await pool.query('select 1');
    return true;
  } catch (error) {
    if (isLastAttempt || isRefusal(error)) throw error;
    return false;
  }
}

/** Waiting does not make a password right, or a database be there. */
function isRefusal(error: unknown): boolean {
  return [1044, 1045, 1049].includes(numberOf(error) ?? 0);
}

/**
 * @throws {Error} if branches cannot be prepared and found again on this server, or not by the
 *     account of this pool
 */
export async function requireXa(pool: Pool): Promise<void> {
  const [rows] = await pool.query<(RowDataPacket & { readonly Value: string })[]>({
    sql: `show variables like 'wsrep_on'`,
    rowsAsArray: false,
  });
  if (rows[0]?.Value === 'ON') throw new Error('2PC does not work on Galera: it has no XA');
  try {
    await pool.query('xa recover');
  } catch (error) {
    const what = '2PC needs XA RECOVER; on MySQL that is the privilege XA_RECOVER_ADMIN';
    throw new Error(what, { cause: error });
  }
}
