// The tables of the SDK in a service's own database, in the schema where the service keeps its own.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { BarrierMissing } from '../barrier-missing.js';
import { inlined } from './inlined.js';
import { IS_COMPLETE } from './statements/is-complete.js';
import { codeOf } from './transaction.js';

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
  participant  text, -- whose branch it is
  state        text -- null until the transaction that makes the row sets it
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
create table if not exists concordat_memory (
  since timestamptz not null -- nothing is remembered here of transactions that began before
);
do $$ begin -- what exists is left alone: to alter or index a table locks it
  if not exists (select from pg_attribute where attrelid = 'concordat_standing'::regclass
                    and attname = 'participant' and not attisdropped) then
    alter table concordat_standing add column participant text;
  end if;
  if not exists (select from pg_index join pg_class on pg_class.oid = indexrelid
                  where indrelid = 'concordat_standing'::regclass
                    and relname = 'concordat_standing_in_doubt') then
    create index concordat_standing_in_doubt on concordat_standing (quiet_since)
     where state in ('ready', 'pre-committed', 'pre-aborted');
  end if;
end $$;`;

/**
 * Tables that are new say that they remember nothing from before. When a transaction began, the
 * clock of a coordinator says, which may be ahead of this one: so `since` is a little later.
 */
const MEMORY = `
insert into concordat_memory select now() + $1 * interval '1 millisecond'
 where not exists (select from concordat_memory);`;

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
exception when lock_not_available or insufficient_privilege then null;
end $$;`;

/** For the role of the service, where another makes the tables. */
const GRANTS = `
grant select, insert, update, delete
   on concordat_barrier, concordat_branch_committed, concordat_standing, concordat_memory
   to "<the role of the service>";`;

/** `if not exists` alone raises when two processes create at once: they take turns. */
const TAKE_TURNS = `
set local lock_timeout = '10s';
select pg_advisory_xact_lock(hashtextextended('concordat_barrier', 0));`;

/** By how much the clock of a coordinator may be ahead of the database's. */
const MEMORY_SLACK_MS_DEFAULT = 5_000;

export interface BarrierOptions {
  /**
   * For so long after its tables were made, a participant takes no part in 3PC: its database may be
   * a new one in the place of one that was lost, and the transaction one that it had voted on.
   * 5 seconds if not given; 0 only where that cannot be, as in tests.
   */
  readonly memorySlackMs?: number;
}

const BOOT_ATTEMPTS_MAX = 60;
const BOOT_DELAY_MS = 500;

/**
 * Creates the tables that are missing. Call it before the first call is answered; it waits for a
 * Postgres that is still starting. A role that may create nothing is enough where all is there.
 * @throws {BarrierMissing} with the statements to run, if this role may not create what is missing
 * @throws what Postgres says, if it cannot be reached for half a minute
 */
export async function ensureBarrier(
  pool: Pool,
  { memorySlackMs = MEMORY_SLACK_MS_DEFAULT }: BarrierOptions = {},
): Promise<void> {
  for (let attempt = 1; !(await isReachable(pool, attempt === BOOT_ATTEMPTS_MAX)); attempt += 1) {
    await sleep(BOOT_DELAY_MS);
  }
  const memory = inlined(MEMORY, [memorySlackMs]);
  const tables = (await isComplete(pool)) ? '' : TABLES;
  try {
    await pool.query(TAKE_TURNS + tables + memory + REMAINS); // one simple query: one transaction
  } catch (error) {
    throw codeOf(error) === INSUFFICIENT_PRIVILEGE ? missing(memory, error) : error;
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

function missing(memory: string, cause: unknown): BarrierMissing {
  const what = 'the tables of the barrier are missing, and this role may not create them';
  return new BarrierMissing(what, `${TABLES}${memory}\n${GRANTS}`.trim(), cause);
}

/** `create table if not exists` wants the right to create, even of a role for whom all is there. */
async function isComplete(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ complete: boolean }>(IS_COMPLETE);
  return rows[0]?.complete === true;
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
