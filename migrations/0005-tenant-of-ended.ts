// Whose an ended transaction is; and the view of both kinds shows it. The index on when they ended
// is a summary of blocks (BRIN): rows arrive in that order, so it costs next to nothing to keep.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TRANSACTION = `
  create or replace view concordat.transaction as
    select gtid, protocol, name, participants, metadata, begun_at, null::timestamptz as ended_at,
           version, phase, null::text as outcome, owner, stuck, due_at, state, attempts, tenant
      from concordat.global_transaction
    union all
    select gtid, protocol, name, participants, metadata, begun_at, ended_at,
           version, 'ended', outcome, owner, false, null::timestamptz, state, attempts, tenant
      from concordat.ended_transaction;`;

export class TenantOfEnded implements MigrationInterface {
  readonly name = 'TenantOfEnded0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table concordat.ended_transaction add column tenant text not null default 'default';
      create index ended_transaction_tenant on concordat.ended_transaction (tenant, gtid)
        where tenant <> 'default';
      create index ended_transaction_ended_at on concordat.ended_transaction
        using brin (ended_at) with (pages_per_range = 16);`);
    await runner.query(TRANSACTION);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
