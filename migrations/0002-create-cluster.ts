// The journal's own id. Branches are prepared under names that bear it, so that two installations
// which share a resource manager never take each other's branches for their own.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const CLUSTER = `
  create table concordat.cluster (
    only_row boolean primary key default true check (only_row),
    id       text    not null check (id ~ '^[0-9a-f]{8}$')
  );
  insert into concordat.cluster (id) select left(replace(gen_random_uuid()::text, '-', ''), 8);`;

export class CreateCluster implements MigrationInterface {
  readonly name = 'CreateCluster0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CLUSTER);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations go forward only'));
  }
}
