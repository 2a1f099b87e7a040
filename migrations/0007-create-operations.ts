// What operators have asked for and what is not over yet: approvals that wait for a second person,
// acts in bulk, participants that are held back; and the heuristics that somebody has seen to.
//
// - A table here is small, or its rows are taken by their key: none of them is in the way of an
//   append, and all of them are new, so nobody waits for a lock (M2).
// - Who has asked is kept as the audit names him (`kind`, `id`), for a principal may be renamed.
// - `act_id` is the number of the audit's line that the act will write, given out beforehand: where
//   that line is, the act is done, whatever became of the instance that did it.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const APPROVAL = `
  create table concordat.approval (
    id               uuid        primary key,
    act_id           uuid        not null,
    state            text        not null,
    action           text        not null,
    tenant           text        not null,
    gtid             uuid,
    branch           text,
    resource_manager text,
    gid              text,
    outcome          text        not null,
    reason           text        not null,
    evidence         text        not null,
    asked_kind       text        not null,
    asked_id         text        not null,
    asked_name       text        not null,
    asked_at         timestamptz not null default now(),
    expires_at       timestamptz not null,
    decided_by       json,
    decided_at       timestamptz,
    leased_until     timestamptz not null default '-infinity',
    said             text
  );
  create index approval_unfinished on concordat.approval (asked_at)
   where state in ('pending', 'approved');
  create index approval_asked on concordat.approval (asked_at);`;

const BULK = `
  create table concordat.bulk (
    id             uuid        primary key,
    action         text        not null,
    filter         json        not null,
    state          text        not null,
    reason         text        not null,
    asked_by       json        not null,
    grants         json        not null,
    asked_at       timestamptz not null default now(),
    ended_at       timestamptz,
    per_second_max integer     not null check (per_second_max > 0),
    failures_max   integer     not null check (failures_max > 0),
    total          integer     not null,
    done           integer     not null default 0,
    unchanged      integer     not null default 0,
    failed         integer     not null default 0,
    leased_until   timestamptz not null default '-infinity',
    said           text
  );
  create index bulk_running on concordat.bulk (asked_at) where state = 'running';
  create index bulk_asked on concordat.bulk (asked_at);`;

const BULK_ITEM = `
  create table concordat.bulk_item (
    bulk   uuid    not null references concordat.bulk on delete cascade,
    n      integer not null,
    gtid   uuid    not null,
    act_id uuid    not null,
    state  text    not null default 'waiting',
    said   text,
    primary key (bulk, n)
  );
  create index bulk_item_waiting on concordat.bulk_item (bulk, n) where state = 'waiting';
  create index bulk_item_failed on concordat.bulk_item (bulk, n) where state = 'failed';`;

const PARTICIPANT_PAUSE = `
  create table concordat.participant_pause (
    name   text        primary key,
    by     text        not null,
    reason text        not null,
    since  timestamptz not null default now()
  );`;

const FORGOTTEN_HEURISTIC = `
  create table concordat.forgotten_heuristic (
    gtid    uuid        primary key,
    by_kind text        not null,
    by_id   text        not null,
    by_name text        not null,
    reason  text        not null,
    at      timestamptz not null default now()
  );`;

export class CreateOperations implements MigrationInterface {
  readonly name = 'CreateOperations0000000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(APPROVAL);
    await runner.query(BULK);
    await runner.query(BULK_ITEM);
    await runner.query(PARTICIPANT_PAUSE);
    await runner.query(FORGOTTEN_HEURISTIC);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
