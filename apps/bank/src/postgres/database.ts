// The bank on Postgres: all four protocols.
import {
  ensureBarrier,
  postgresBarrier,
  postgresStandings,
  postgresTwoPhase,
  requirePreparedTransactions,
} from '@concordat/participant-sdk';
import { Pool } from 'pg';
import type { Config } from '../config.js';
import type { Database, Surroundings } from '../database.js';
import { bankParticipant } from '../participant.js';
import { postgresAccounts } from './accounts.js';
import { postgresTill } from './till.js';

/** Two banks and a coordinator fit into the 200 connections of the server of `npm start`. */
const CONNECTIONS_MAX = 20;
const CONNECT_TIMEOUT_MS = 5_000;
/** Behind a broken network: in doubt then, and asked again over another connection. */
const ANSWER_TIMEOUT_MS = 15_000;

// K3: an index of its own would wait, even one that exists: `create index` locks its table first.
const TABLES = `
select pg_advisory_xact_lock(hashtextextended('bank', 0));
create table if not exists account (
  id      text primary key,
  balance bigint not null check (balance >= 0)
);
create table if not exists hold (
  gtid    text not null,
  branch  text not null,
  account text not null references account,
  amount  bigint not null,
  primary key (gtid, branch)
);
create table if not exists ledger (
  id      bigint generated always as identity,
  gtid    text not null,
  branch  text not null,
  account text not null,
  amount  bigint not null,
  kind    text not null check (kind in ('moved', 'reversed', 'held', 'settled', 'released')),
  at      timestamptz not null default now(),
  primary key (gtid, branch, id)
);`;

export async function openPostgres(
  { databaseUrl, bankName, memorySlackMs }: Config,
  { peers, report }: Surroundings,
): Promise<Database> {
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: bankName,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
  });
  pool.on('error', report); // an idle connection was lost: the pool makes another
  await ensureBarrier(pool, { memorySlackMs });
  await requirePreparedTransactions(pool);
  await pool.query(TABLES);
  const standings = postgresStandings(pool, { name: 'transfer' });
  const store = {
    barrier: postgresBarrier(pool),
    resourceManager: postgresTwoPhase(pool),
    threePhase: { standings, peers },
    till: postgresTill,
  };
  return {
    accounts: postgresAccounts(pool),
    participant: bankParticipant(store, report),
    standings,
    close: () => pool.end(),
  };
}
