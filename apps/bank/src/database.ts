// The bank's own database.
//
// K1. Money is in accounts, or held for a transaction that is not over: the sum of both changes
//     only when a transfer between banks ends.
// K2. `ledger` gets a line for every effect that a branch has, so that anybody can count them.
import { ensureBarrier, requirePreparedTransactions } from '@concordat/participant-sdk';
import { Pool } from 'pg';
import type { Config } from './config.js';

/** Two banks and a coordinator fit into the 200 connections of the server of `npm start`. */
const CONNECTIONS_MAX = 20;
const CONNECT_TIMEOUT_MS = 5_000;
/** Behind a broken network: in doubt then, and asked again over another connection. */
const ANSWER_TIMEOUT_MS = 15_000;

// No statement here may wait for a branch that is prepared: that waits for this bank. An index of
// its own would, even one that exists: `create index` locks its table first.
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

/** Waits until Postgres answers, and creates what is missing. */
export async function openDatabase(
  { databaseUrl, bankName, memorySlackMs }: Config,
  report: (error: unknown) => void,
): Promise<Pool> {
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
  return pool;
}
