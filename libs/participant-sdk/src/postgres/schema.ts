// The tables of the SDK in a service's own database, in the schema where the service keeps its own.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

const TABLES = `
create table if not exists concordat_barrier (
  gtid      text not null,
  branch    text not null,
  token     bigint not null,
  operation text not null,
  work      text not null default 'none'
            check (work in ('none', 'done', 'read-only', 'completed', 'undone')),
  reply     json,
  at        timestamptz not null default now(),
  primary key (gtid, branch)
);
create table if not exists concordat_branch_committed (
  gtid   text not null,
  branch text not null,
  at     timestamptz not null default now(),
  primary key (gtid, branch)
);
create table if not exists concordat_standing (
  gtid         text not null,
  branch       text not null,
  state        text -- null until the first call of the branch has committed
               check (state in ('ready', 'pre-committed', 'pre-aborted', 'committed', 'aborted')),
  last_elected bigint not null default 0,
  last_attempt bigint not null default 0,
  vote         json, -- the answer to can-commit
  roster       json,
  place        integer not null default 0, -- on the roster
  payload      json,
  deadline_at  timestamptz,
  begun_at     timestamptz not null default now(),
  quiet_since  timestamptz not null default now(), -- when it was last heard of, or looked after
  last_error   text, -- why it is in doubt although somebody has looked after it
  primary key (gtid, branch)
);
create index if not exists concordat_standing_in_doubt on concordat_standing (quiet_since)
 where state in ('ready', 'pre-committed', 'pre-aborted');`;

/**
 * What former versions had, and nobody reads any more. It must not wait for long: a prepared
 * transaction may hold the table, and waits for this service. Then it stays until the next start.
 */
const REMAINS = `
do $$ begin
  if exists (select from pg_attribute where attrelid = to_regclass('concordat_barrier')
                and attname = 'roster' and not attisdropped) then
    set local lock_timeout = '1s';
    alter table concordat_barrier drop column roster;
  end if;
exception when lock_not_available then null;
end $$;`;

/** `if not exists` alone raises when two processes create at once: they take turns. */
const TAKE_TURNS = `select pg_advisory_xact_lock(hashtextextended('concordat_barrier', 0));`;

const BOOT_ATTEMPTS_MAX = 60;
const BOOT_DELAY_MS = 500;

/**
 * Creates the tables that are missing. Call it before the first call is answered; it waits for a
 * Postgres that is still starting.
 * @throws what Postgres says, if it cannot be reached for half a minute
 */
export async function ensureBarrier(pool: Pool): Promise<void> {
  for (let attempt = 1; !(await isReachable(pool, attempt === BOOT_ATTEMPTS_MAX)); attempt += 1) {
    await sleep(BOOT_DELAY_MS);
  }
  await pool.query(TAKE_TURNS + TABLES + REMAINS); // one simple query: one transaction
}

async function isReachable(pool: Pool, isLastAttempt: boolean): Promise<boolean> {
  try {
    await pool.query('select 1');
    return true;
  } catch (error) {
    if (isLastAttempt) throw error;
    return false;
  }
}

/** @throws {Error} if the server's setting does not allow any transaction to be prepared */
export async function requirePreparedTransactions(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ max: number }>(
    `select current_setting('max_prepared_transactions')::int as max`,
  );
  if (rows[0]?.max === 0) {
    throw new Error('2PC needs max_prepared_transactions > 0 on this Postgres server');
  }
}
