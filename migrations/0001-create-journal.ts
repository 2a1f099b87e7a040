// The tables of the journal. Where a transaction is now, and what has happened, are kept apart.
//
//   global_transaction ──ended, in the same statement──▶ ended_transaction    by day
//     unfinished only: small, hot                        journal              by day, append only
//
// - Columns beside the `json` exist only because something queries by them. `json`, not `jsonb`:
//   it keeps any JSON as it is, `\u0000` included.
// - A gtid is a UUID of version 7 and so grows with time: new rows go to the end of every index,
//   and a partition of one day is a range of ids. Forgetting is then a DROP, not a DELETE.
// - No foreign keys: the statements that write these tables keep them together, and a key would
//   cost a lookup per row and tie the partitions to each other.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const GLOBAL_TRANSACTION = `
  create table concordat.global_transaction (
    gtid         uuid        primary key,
    protocol     text        not null,
    name         text,
    participants text[]      not null,
    metadata     jsonb       not null,
    begun_at     timestamptz not null,
    version      integer     not null check (version > 0),
    phase        text        not null,
    owner        text        not null,
    stuck        boolean     not null,
    due_at       timestamptz not null,
    state        json        not null,
    attempts     json        not null
  ) with (
    fillfactor = 50,                        -- room for the next version on the same page
    autovacuum_vacuum_scale_factor = 0,     -- every row is dead within seconds
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0,
    vacuum_truncate = false                 -- shrinking would lock out every append
  );
  create index global_transaction_due on concordat.global_transaction (due_at);`;

const ENDED_TRANSACTION = `
  create table concordat.ended_transaction (
    gtid         uuid        primary key,
    protocol     text        not null,
    name         text,
    participants text[]      not null,
    metadata     jsonb       not null,
    begun_at     timestamptz not null,
    ended_at     timestamptz not null,
    version      integer     not null,
    outcome      text        not null,
    owner        text        not null,
    state        json        not null,
    attempts     json        not null
  ) partition by range (gtid);
  create index ended_transaction_name on concordat.ended_transaction (name, gtid)
    where name is not null;
  create index ended_transaction_outcome on concordat.ended_transaction (outcome, gtid)
    where outcome <> 'committed';
  create index ended_transaction_metadata on concordat.ended_transaction
    using gin (metadata jsonb_path_ops) with (fastupdate = off) where metadata <> '{}';
  create index ended_transaction_participants on concordat.ended_transaction
    using gin (participants) with (fastupdate = off);`;

const JOURNAL = `
  create table concordat.journal (
    gtid       uuid        not null,
    version    integer     not null,
    at         timestamptz not null,
    line       json        not null,
    definition json,                        -- as of this version, where it has changed
    primary key (gtid, version)
  ) partition by range (gtid);`;

// Takes every row for whose day there is no partition, so that no append can fail for want of
// one. It should stay empty: a day is only attached while this holds none of its rows.
const DEFAULT_PARTITIONS = `
  create table concordat.ended_transaction_default
    partition of concordat.ended_transaction default;
  create table concordat.journal_default
    partition of concordat.journal default;`;

const IDEMPOTENCY_KEY = `
  create table concordat.idempotency_key (
    key    text primary key,
    digest text not null,
    gtid   uuid not null
  );
  create index idempotency_key_gtid on concordat.idempotency_key (gtid);`;

const RETENTION = `
  create table concordat.retention (
    only_row         boolean primary key default true check (only_row),
    forgotten_before timestamptz            -- null: everything is still there
  );
  insert into concordat.retention default values;`;

// `union all`, so that the newest page of both is read from the end of their primary keys.
const TRANSACTION = `
  create view concordat.transaction as
    select gtid, protocol, name, participants, metadata, begun_at, null::timestamptz as ended_at,
           version, phase, null::text as outcome, owner, stuck, due_at, state, attempts
      from concordat.global_transaction
    union all
    select gtid, protocol, name, participants, metadata, begun_at, ended_at,
           version, 'ended', outcome, owner, false, null::timestamptz, state, attempts
      from concordat.ended_transaction;`;

export class CreateJournal implements MigrationInterface {
  /** TypeORM orders by the thirteen digits at the end: the number of this file. */
  readonly name = 'CreateJournal0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(GLOBAL_TRANSACTION);
    await runner.query(ENDED_TRANSACTION);
    await runner.query(JOURNAL);
    await runner.query(DEFAULT_PARTITIONS);
    await runner.query(IDEMPOTENCY_KEY);
    await runner.query(RETENTION);
    await runner.query(TRANSACTION);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
