// An arrival that brings nothing but a rollback: for a prepared branch that the journal has never
// heard of. Of all arrivals with one gtid one alone is begun, so once this one is, no decision to
// commit can come any more, and the engine rolls the branch back like any other.
import type { AuditLine, BranchDefinition, Clock, Engine, NamedBranch } from '@concordat/engine';
import { madeAtOf } from './knowledge.js';

const CALL_TIMEOUT_MS = 10_000;
const RETRY = { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 };

export interface RollbackArrival {
  readonly found: NamedBranch;
  /** Where it is prepared. */
  readonly resourceManager: string;
  /** Of the transaction: who has presumed it, or asked for it. */
  readonly name: string;
  /** If a person has asked for it: written in the same commit. */
  readonly audit?: AuditLine;
}

/** @returns `known`, and nothing was written, if the journal has heard of the transaction */
export function arriveWithRollback(
  { engine, clock }: { readonly engine: Pick<Engine, 'arrive'>; readonly clock: Clock },
  { found: { name: branch, gid }, resourceManager, name, audit }: RollbackArrival,
): Promise<'begun' | 'known'> {
  const request = {
    protocol: '2pc' as const,
    name,
    metadata: { resourceManager, gid },
    deadlineMs: 0,
    traceparent: null,
    branches: [branchOf(branch.branch, resourceManager)],
    driven: true,
  };
  return engine.arrive(request, {
    gtid: branch.gtid,
    begunAt: madeAtOf(branch) ?? clock.now(), // lists and retention go by the gtid's own time
    already: [{ type: 'rollback-requested' }],
    ...(audit === undefined ? {} : { audit }),
  });
}

function branchOf(id: BranchDefinition['id'], participant: string): BranchDefinition {
  return {
    id,
    participant,
    payload: null,
    dependsOn: [],
    pivot: false,
    onePhase: false,
    timeoutMs: CALL_TIMEOUT_MS,
    retry: RETRY,
  };
}
