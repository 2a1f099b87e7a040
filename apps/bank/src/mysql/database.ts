// The bank on MariaDB or MySQL: 2PC, TCC and Saga. (3PC needs Postgres.)
import {
  ensureBarrierMysql,
  mysqlBarrier,
  mysqlTwoPhase,
  requireXa,
} from '@concordat/participant-sdk/mysql';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { createPool } from 'mysql2/promise';
import type { Config } from '../config.js';
import type { Database, Surroundings } from '../database.js';
import { bankParticipant } from '../participant.js';
import { mysqlAccounts } from './accounts.js';
import { mysqlTill } from './till.js';

const CONNECTIONS_MAX = 20;
const CONNECT_TIMEOUT_MS = 5_000;

/** Ids are compared byte by byte: the collations that a database is given ignore case. */
const ID = 'varchar(64) character set utf8mb4 collate utf8mb4_bin not null';

// `hold` does not refer to `account`: the lock that this takes would wait for transfers of others.
const TABLES = new Map([
  [
    'account',
    `create table if not exists account (
       id      ${ID} primary key,
       balance bigint not null check (balance >= 0)
     ) engine = InnoDB`,
  ],
  [
    'hold',
    `create table if not exists hold (
       gtid    ${ID},
       branch  ${ID},
       account ${ID},
       amount  bigint not null,
       primary key (gtid, branch)
     ) engine = InnoDB`,
  ],
  [
    'ledger',
    `create table if not exists ledger (
       id      bigint auto_increment unique,
       gtid    ${ID},
       branch  ${ID},
       account ${ID},
       amount  bigint not null,
       kind    enum('moved', 'reversed', 'held', 'settled', 'released') not null,
       at      timestamp(3) not null default current_timestamp(3),
       primary key (gtid, branch, id)
     ) engine = InnoDB`,
  ],
]);

export async function openMysql(
  { databaseUrl }: Config,
  { report }: Surroundings,
): Promise<Database> {
  const pool = createPool({
    uri: databaseUrl,
    connectionLimit: CONNECTIONS_MAX,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
  await ensureBarrierMysql(pool);
  await requireXa(pool);
  await createTables(pool);
  const store = {
    barrier: mysqlBarrier(pool),
    resourceManager: mysqlTwoPhase(pool),
    threePhase: undefined,
    till: mysqlTill,
  };
  return {
    accounts: mysqlAccounts(pool),
    participant: bankParticipant(store, report),
    standings: undefined,
    close: () => pool.end(),
  };
}

/** K3: even of a table that exists, the statement waits for whoever is writing into it. */
async function createTables(pool: Pool): Promise<void> {
  const [rows] = await pool.query<(RowDataPacket & { readonly name: string })[]>(
    'select table_name as name from information_schema.tables where table_schema = database()',
  );
  const there = new Set(rows.map(({ name }) => name));
  for (const [name, statement] of TABLES) {
    if (!there.has(name)) await pool.query(statement);
  }
}
