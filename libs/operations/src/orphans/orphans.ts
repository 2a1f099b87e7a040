// Ends a prepared branch that nobody else will end.
//
//                    of this cluster, never heard of ──rollback──▶ an arrival: written, then done
//   prepared there? ─┤
//                    └─ what recovery holds for an orphan ─┬─rollback─▶ intent, end, result
//                                                          └─commit───▶ a second person first
//
// E1. What the journal has never heard of, and could still hear of, is rolled back by an arrival:
//     of all arrivals with one gtid one is begun, so no decision can come after it (decision 16 of
//     ARCHITECTURE.md). The engine then rolls the branch back like any other.
// E2. Anything else has to be an orphan by the judgement of recovery (J6 to J11 of verdict.ts),
//     which has looked for long enough: what is young may become known yet.
//     Once approved it is judged again: the journal may have heard of it since it was asked for.
// E3. What is in the journal is not ended here: the transaction's own page has what can be done.
// E4. A name of another installation, or of somebody else, is never touched.
import type { NamedBranch } from '@concordat/engine';
import { arriveWithRollback, madeAtOf } from '@concordat/recovery';
import type { ActionResultView, OrphanRequest } from '@concordat/wire/operations';
import { ALL_TENANTS } from '@concordat/wire/operations';
import type { OperatorRequest } from '../api.js';
import { Refusal, TriedInVain } from '../api.js';
import type { Approvals } from '../approvals/approvals.js';
import { targetOf } from '../approvals/approvals.js';
import type { CameOf } from '../approvals/carry-out.js';
import { endThere, lookFor } from '../approvals/ending.js';
import { lineOf, saidIn, settle } from '../approvals/settling.js';
import { orRefused } from '../audit/refused.js';
import type { OperationsPorts } from '../ports.js';
import { actorIn, isUuid, nameOf, requireFor } from '../requests.js';
import type { ApprovalRow } from '../statements/approval-row.js';
import { WAS_INTENDED } from '../statements/was-intended.js';

const ACTION = 'orphan.end';

type Ports = Pick<
  OperationsPorts,
  | 'engine'
  | 'store'
  | 'recovery'
  | 'resourceManagers'
  | 'cluster'
  | 'clock'
  | 'ids'
  | 'forgottenBefore'
>;

interface Wanted extends OrphanRequest {
  readonly resourceManager: string;
}

/** How it would be ended. */
interface Way {
  readonly branch: NamedBranch;
  readonly by: 'arrival' | 'force';
  /** What is so that allows it. */
  readonly because: string;
}

export class Orphans {
  constructor(private readonly ports: Ports) {}

  /** @throws Refusal */
  async end(
    request: OperatorRequest,
    body: OrphanRequest,
    approvals: Pick<Approvals, 'ask'>,
  ): Promise<ActionResultView> {
    const wanted = { ...body, resourceManager: nameOf(request) };
    this.requireKnown(wanted.resourceManager);
    const work = async (): Promise<ActionResultView> => {
      if (body.outcome === 'commit') requireFor(request.principal, 'outcomes.force', ALL_TENANTS);
      const way = await this.wayTo(wanted);
      const said = effectOf(way, wanted);
      if (body.dryRun) return { result: 'would', said };
      if (body.outcome === 'commit') return this.ask(request, wanted, way, approvals);
      const auditId = this.ports.ids.next();
      if (way.by === 'arrival') await this.arrive(request, wanted, way, auditId);
      else await this.force(request, wanted, auditId);
      return { result: 'done', said, auditId };
    };
    return body.dryRun ? work() : orRefused(this.ports, this.lineOf(request, wanted), work);
  }

  /** What was approved. */
  async carryOut(row: ApprovalRow): Promise<CameOf> {
    const { resource_manager: resourceManager, gid, outcome } = row;
    if (resourceManager === null || gid === null) {
      return { type: 'failed', said: 'it names no prepared branch' };
    }
    const whyNot = await this.whyNoOrphan(row, { resourceManager, gid });
    if (whyNot !== undefined) return whyNot;
    const intent = lineOf(row, 'intended', {
      id: this.ports.ids.next(),
      evidence: saidIn(row),
    });
    const came = await endThere(this.ports, { resourceManager, gid, outcome }, intent);
    switch (came.type) {
      case 'ended':
        return settle(this.ports, row, 'done', came.seen);
      case 'unknown':
        return { type: 'not-yet', said: came.seen };
      case 'others':
        return settle(this.ports, row, 'failed', came.seen);
      case 'gone': {
        const tried = await this.ports.store.run(WAS_INTENDED, [row.id]);
        if (tried.length === 0) return settle(this.ports, row, 'failed', came.seen);
        const seen = `${came.seen} any more: an earlier attempt has ended it, or somebody else`;
        return settle(this.ports, row, 'done', seen);
      }
    }
  }

  /** E2, of what is prepared there. @returns undefined if it is an orphan still, or gone */
  private async whyNoOrphan(
    row: ApprovalRow,
    { resourceManager, gid }: Pick<Wanted, 'resourceManager' | 'gid'>,
  ): Promise<CameOf | undefined> {
    const found = await lookFor(this.ports, { resourceManager, gid });
    if ('type' in found) return undefined;
    const status = await this.ports.recovery.scan(resourceManager);
    const finding = status?.findings.find(({ branch }) => branch.gid === gid);
    if (finding === undefined || status?.lastScan?.error !== undefined) {
      return { type: 'not-yet', said: 'recovery could not judge it again' };
    }
    const { standing, reason } = finding.verdict;
    if (standing === 'orphaned') return undefined;
    return settle(this.ports, row, 'failed', `it is no orphan any more: ${reason}`);
  }

  /** @throws Refusal */
  private async wayTo({ resourceManager, gid, outcome }: Wanted): Promise<Way> {
    const found = await lookFor(this.ports, { resourceManager, gid });
    if ('type' in found) throw notPossible(`It cannot be ended: ${found.seen}.`);
    const branch = found.there;
    const { cluster } = branch.name;
    if (cluster !== undefined && cluster !== this.ports.cluster) {
      throw notPossible('It bears the name of another installation.'); // E4
    }
    const isUnheardOf = (await this.ports.engine.find(branch.name.gtid)) === undefined;
    if (isUnheardOf && outcome === 'rollback' && (await this.mayArrive(branch))) {
      return { branch, by: 'arrival', because: 'The journal has never heard of it.' }; // E1
    }
    const status = await this.ports.recovery.scan(resourceManager);
    const verdict = status?.findings.find((one) => one.branch.gid === gid)?.verdict;
    if (verdict?.standing !== 'orphaned') {
      throw notPossible(`It is no orphan: ${verdict?.reason ?? 'it was not found again'}.`); // E2, E3
    }
    return { branch, by: 'force', because: verdict.reason };
  }

  /** E1: asked after it was not found, for it could be forgotten in between. */
  private async mayArrive({ name }: NamedBranch): Promise<boolean> {
    const madeAt = madeAtOf(name);
    if (name.cluster === undefined || madeAt === undefined) return false;
    const before = await this.ports.forgottenBefore();
    return before === null || madeAt >= before;
  }

  private async arrive(
    request: OperatorRequest,
    wanted: Wanted,
    { branch, because }: Way,
    auditId: string,
  ): Promise<void> {
    const line = this.lineOf(request, wanted, branch);
    const evidence = { outcome: wanted.outcome, said: wanted.evidence, seen: because };
    const arrived = await arriveWithRollback(this.ports, {
      found: branch,
      resourceManager: wanted.resourceManager,
      name: 'ended-by-a-person',
      audit: { ...line, id: auditId, stage: 'done', evidence },
    });
    if (arrived === 'known') {
      throw new Refusal('changed-meanwhile', 'The journal has heard of it just now: look again.');
    }
  }

  /** Intent, end, result. */
  private async force(request: OperatorRequest, wanted: Wanted, auditId: string): Promise<void> {
    const line = this.lineOf(request, wanted);
    const said = { outcome: wanted.outcome, said: wanted.evidence };
    const intent = { ...line, stage: 'intended' as const, evidence: said };
    const came = await endThere(this.ports, wanted, intent);
    const stage = came.type === 'ended' ? ('done' as const) : ('failed' as const);
    const result = { ...line, id: auditId, stage, evidence: { ...said, seen: came.seen } };
    await this.ports.store.audited(result, () => Promise.resolve());
    if (stage === 'failed') throw new TriedInVain('changed-meanwhile', `${came.seen}: look again.`);
  }

  private ask(
    request: OperatorRequest,
    wanted: Wanted,
    way: Way,
    approvals: Pick<Approvals, 'ask'>,
  ): Promise<ActionResultView> {
    const { outcome, reason, evidence, resourceManager, gid } = wanted;
    const { gtid, branch } = way.branch.name;
    const known = isUuid(gtid) ? { gtid } : {};
    const proposal = { action: ACTION, tenant: ALL_TENANTS, outcome, reason, evidence } as const;
    return approvals.ask(
      { ...proposal, ...known, branch, resourceManager, gid },
      {
        line: { id: this.ports.ids.next(), actor: actorIn(request) },
        evidence: { outcome, said: evidence, seen: way.because },
      },
      effectOf(way, wanted),
    );
  }

  private lineOf(
    request: OperatorRequest,
    { resourceManager, gid, reason }: Wanted,
    found?: NamedBranch,
  ) {
    const { gtid = '', branch } = found?.name ?? {};
    const known = isUuid(gtid) ? gtid : undefined;
    return {
      id: this.ports.ids.next(),
      actor: actorIn(request),
      action: ACTION,
      tenant: ALL_TENANTS,
      target: targetOf({ resourceManager, gid, gtid: known, branch }),
      reason,
    };
  }

  private requireKnown(name: string): void {
    if (this.ports.resourceManagers.some((one) => one.name === name)) return;
    const detail = 'No database is registered under this name.';
    throw new Refusal('unknown-resource-manager', detail);
  }
}

function effectOf({ by, because }: Way, { outcome, resourceManager }: Wanted): string {
  if (by === 'arrival') return `${because} Its rollback is written, and then done.`;
  return `It is ended at ${resourceManager} by ${outcome}: ${because}.`;
}

function notPossible(detail: string): Refusal {
  return new Refusal('not-possible', detail);
}
