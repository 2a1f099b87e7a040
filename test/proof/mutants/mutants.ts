// Every fault that is planted, in the order of the table.
import { accessGroup } from './list/access.ts';
import { attendedGroup } from './list/attended.ts';
import { embeddedGroup } from './list/embedded.ts';
import { engineGroup } from './list/engine.ts';
import { interventionsGroup } from './list/interventions.ts';
import { journalShell, journalStatements } from './list/journal.ts';
import { auditGroup, operationsGroup } from './list/operations.ts';
import { barrierGroup, twoPhaseManager } from './list/participant.ts';
import { arrivalsGroup, recoveryGroup } from './list/recovery.ts';
import { mysqlAdapter, postgresAdapter, queueAdapter } from './list/resource-managers.ts';
import { callers, otherStores } from './list/stores.ts';
import { saga, tcc } from './list/tcc-and-saga.ts';
import { threePhaseCommit, threePhaseParticipant } from './list/three-phase-commit.ts';
import { transaction } from './list/transaction.ts';
import { twoPhaseCommit } from './list/two-phase-commit.ts';
import type { Group, Mutant } from './mutant.ts';

export const groups: readonly Group[] = [
  twoPhaseCommit,
  threePhaseCommit,
  threePhaseParticipant,
  tcc,
  saga,
  transaction,
  engineGroup,
  journalStatements,
  journalShell,
  barrierGroup,
  twoPhaseManager,
  postgresAdapter,
  mysqlAdapter,
  queueAdapter,
  otherStores,
  callers,
  recoveryGroup,
  arrivalsGroup,
  interventionsGroup,
  embeddedGroup,
  attendedGroup,
  operationsGroup,
  auditGroup,
  accessGroup,
];

export const mutants: readonly Mutant[] = groups.flatMap((group) => group.mutants);
