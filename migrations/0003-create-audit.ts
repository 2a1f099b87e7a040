// What people have done, line by line. Each line's hash covers the one before it, so that whoever
// changes or removes a line has to change all that come after, and cannot change the copies of the
// head that were kept elsewhere.
//
// - Append only: a trigger refuses what the roles should not be granted in the first place. Whoever
//   owns the table can drop the trigger; the chain then tells.
// - The one row of the head makes writers wait for each other: acts of people are few.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const AUDIT = `
  create table concordat.audit (
    seq      bigint      primary key check (seq > 0),
    id       uuid        not null unique,
    at       timestamptz not null,
    tenant   text        not null,
    actor    text        not null,
    action   text        not null,
    gtid     uuid,
    line     json        not null,
    hash     bytea       not null
  );
  create index audit_gtid on concordat.audit (gtid, seq) where gtid is not null;
  create index audit_actor on concordat.audit (actor, seq);
  create index audit_action on concordat.audit (action, seq);
  create index audit_tenant on concordat.audit (tenant, seq);`;

const HEAD = `
  create table concordat.audit_head (
    only_row boolean primary key default true check (only_row),
    seq      bigint  not null,
    hash     bytea   not null
  );
  insert into concordat.audit_head (seq, hash) values (0, '\\x');`;

const APPEND_ONLY = `
  create function concordat.refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit is append only' using errcode = 'insufficient_privilege';
    end $$;
  create trigger audit_append_only before update or delete or truncate on concordat.audit
    for each statement execute function concordat.refuse_change();`;

export class CreateAudit implements MigrationInterface {
  readonly name = 'CreateAudit0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(AUDIT);
    await runner.query(HEAD);
    await runner.query(APPEND_ONLY);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
