// What pages about many transactions are made of, so that they need not look at each: how many have
// ended, minute by minute; the views that people keep; the rules that watch, and what they told.
//
// - `ended_minute` is derived, and never counted while a transaction ends: a minute that is over is
//   summed once, by whichever instance is first (libs/operations/src/triage/roller.ts). `latency`
//   is a histogram, by number of bucket (histogram.ts), so that minutes can be added.
// - All tables are new, so nobody waits for a lock (M2).
import type { MigrationInterface, QueryRunner } from 'typeorm';

const ENDED_MINUTE = `
  create table concordat.ended_minute (
    minute   timestamptz not null,
    protocol text        not null,
    outcome  text        not null,
    tenant   text        not null,
    ended    bigint      not null,
    latency  jsonb       not null,
    primary key (minute, protocol, outcome, tenant)
  );
  create table concordat.rollup (
    only_row boolean primary key default true check (only_row),
    until    timestamptz            -- null: not begun; what ended before it has been summed
  );
  insert into concordat.rollup default values;`;

const SAVED_VIEW = `
  create table concordat.saved_view (
    id         uuid        primary key,
    owner_kind text        not null,
    owner_id   text        not null,
    name       text        not null,
    query      json        not null,
    made_at    timestamptz not null default now()
  );
  create index saved_view_owner on concordat.saved_view (owner_kind, owner_id, made_at);`;

// `secret` is what messages are signed with, so it is here as it is: whoever reads this table can
// sign in our name to those webhooks, and do nothing to us. Nothing returns it but its making.
const ALERT = `
  create table concordat.alert_rule (
    id        uuid        primary key,
    name      text        not null,
    condition json        not null,
    url       text        not null,
    quiet_ms  bigint      not null check (quiet_ms > 0),
    enabled   boolean     not null,
    secret    bytea       not null,
    made_by   text        not null,
    made_at   timestamptz not null default now()
  );
  create table concordat.alert_firing (
    rule      uuid        not null references concordat.alert_rule on delete cascade,
    cause     text        not null,
    said      text        not null,
    since     timestamptz not null default now(),
    told_at   timestamptz,            -- null: not yet, or in vain
    failures  integer     not null default 0,
    due_at    timestamptz not null default now(),
    holds     boolean     not null default true,
    primary key (rule, cause)
  );
  create table concordat.alert_delivery (
    id     bigint      generated always as identity primary key,
    rule   uuid        not null references concordat.alert_rule on delete cascade,
    at     timestamptz not null default now(),
    cause  text        not null,
    result text        not null,
    said   text        not null
  );
  create index alert_delivery_rule on concordat.alert_delivery (rule, id);
  create table concordat.alert_lease (
    only_row boolean     primary key default true check (only_row),
    holder   text        not null,
    until    timestamptz not null
  );
  insert into concordat.alert_lease (holder, until) values ('', '-infinity');`;

export class CreateRollups implements MigrationInterface {
  readonly name = 'CreateRollups0000000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ENDED_MINUTE);
    await runner.query(SAVED_VIEW);
    await runner.query(ALERT);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
