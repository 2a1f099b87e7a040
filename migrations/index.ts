// Every change of the schema since the first, in order. Forward only: a mistake is mended by the
// next migration, and one that has been released is never edited. The list is explicit, so that
// it is the same from source, from `dist` and in a bundle.
//
// Coordinators of the version before are at work while a migration runs, and after it:
//
// M1. What they read and write stays as they know it: what is new has a default.
// M2. A migration alters one table that was there before; for the next table, write the next
//     migration. An append locks several: when it is first planned, the idempotency keys before
//     the journal, and later the journal before all others. So there is no order in which a
//     migration could lock a second one without the risk that they lock each other out (40P01).
// M3. A lock that is not had soon is let go of, and asked for again (libs/journal/src/migrate.ts).
//     So a migration is short: it rewrites no table, and moves no rows.
import type { MigrationInterface } from 'typeorm';
import { CreateJournal } from './0001-create-journal.js';
import { CreateCluster } from './0002-create-cluster.js';
import { CreateAudit } from './0003-create-audit.js';
import { TenantOfUnfinished } from './0004-tenant-of-unfinished.js';
import { TenantOfEnded } from './0005-tenant-of-ended.js';
import { CreateAccess } from './0006-create-access.js';
import { CreateOperations } from './0007-create-operations.js';
import { CreateRollups } from './0008-create-rollups.js';

export const migrations: readonly (new () => MigrationInterface)[] = [
  CreateJournal,
  CreateCluster,
  CreateAudit,
  TenantOfUnfinished,
  TenantOfEnded,
  CreateAccess,
  CreateOperations,
  CreateRollups,
];
