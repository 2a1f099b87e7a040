// Whose an unfinished transaction is. What coordinators of the version before begin belongs to the
// default tenant. The index on what is stuck is for the page that shows it: there should be few.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class TenantOfUnfinished implements MigrationInterface {
  readonly name = 'TenantOfUnfinished0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table concordat.global_transaction add column tenant text not null default 'default';
      create index global_transaction_stuck on concordat.global_transaction (gtid) where stuck;`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
