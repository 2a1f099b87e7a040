// To force an outcome takes two people: one asks, another approves, and then it is done.
//
//   asked ──▶ pending ──another approves──▶ approved ──▶ done, or failed
//                │ │                           │
//                │ └─ rejected, by anybody     └─ whoever finds it so does it: carry-out.ts
//                └─ expired, after an hour
//
// A1. The two of them are different principals. That they are different people, whoever hands out
//     keys and accounts sees to.
// A2. Of all who decide at once, one does: the row changes by compare-and-set. What was decided and
//     its audit line are one commit.
// A3. Approved is durable before anything is done, so a crash in between loses nothing: the act is
//     carried out by any instance, and it is written once, for its line's number is given out with
//     the question (`act_id`), and the audit has no number twice.
import type { Principal } from '@concordat/access';
import { Makers, principalText } from '@concordat/access';
import type { AuditLine } from '@concordat/engine';
import type { ActionResultView, ApprovalView } from '@concordat/wire/operations';
import { ALL_TENANTS, tenantsFor } from '@concordat/wire/operations';
import type { Acts, Asked } from '../actions/acts.js';
import type { OnBranch } from '../actions/words.js';
import type { OperatorRequest } from '../api.js';
import { Refusal } from '../api.js';
import { evidenceOf, stateOf } from '../audit/lines.js';
import { orRefused } from '../audit/refused.js';
import type { OperationsPorts, Run } from '../ports.js';
import { actorIn, itemIdOf, tenantOf, unknownItem } from '../requests.js';
import type { ApprovalRow } from '../statements/approval-row.js';
import { ASK_APPROVAL } from '../statements/ask-approval.js';
import { DECIDE_APPROVAL } from '../statements/decide-approval.js';
import { FIND_APPROVAL } from '../statements/find-approval.js';
import { LIST_APPROVALS } from '../statements/list-approvals.js';
import type { CarryingOut } from './carry-out.js';
import { LEASE_MS } from './carry-out.js';
import { approvalView, askerOf, whyNotApprove } from './views.js';

const LIFETIME_MS = 3_600_000;
const LISTED_MAX = 200;

type Force = Extract<OnBranch, { readonly action: 'force' }>;

/** What somebody is asked to approve. */
export interface Proposal extends Pick<
  ApprovalRow,
  'action' | 'tenant' | 'outcome' | 'reason' | 'evidence'
> {
  readonly gtid?: string | undefined;
  readonly branch?: string | undefined;
  readonly resourceManager?: string | undefined;
  readonly gid?: string | undefined;
}

export interface ApprovalsParts {
  readonly ports: Pick<OperationsPorts, 'store' | 'ids'>;
  readonly acts: Acts;
  readonly carryingOut: CarryingOut;
}

export class Approvals {
  constructor(private readonly parts: ApprovalsParts) {}

  /** @throws Refusal if it could not be done as things are */
  async askToForce(asked: Asked & { readonly ask: Force }): Promise<ActionResultView> {
    const proved = await this.parts.acts.prove(asked);
    if ('result' in proved) return proved;
    const { record, known, judged } = proved;
    const { branch, outcome } = asked.ask;
    const { gtid, reason, evidence = '' } = asked;
    const tenant = tenantOf(record);
    return this.ask(
      { action: 'branch.force', tenant, gtid, branch, outcome, reason, evidence },
      {
        line: asked,
        before: stateOf(record.transaction, branch),
        ...evidenceOf(asked, known.observation),
      },
      judged.effect,
    );
  }

  /** @param effect what it would do, in a sentence */
  async ask(
    proposal: Proposal,
    about: Pick<AuditLine, 'before' | 'evidence'> & { readonly line: Pick<Asked, 'id' | 'actor'> },
    effect: string,
  ): Promise<ActionResultView> {
    const { store, ids } = this.parts.ports;
    const { line, ...shown } = about;
    const { action, tenant, gtid, branch, resourceManager, gid, reason, evidence } = proposal;
    const { id: auditId, actor } = line;
    const approvalId = ids.next();
    const target = targetOf({ approval: approvalId, gtid, branch, resourceManager, gid });
    const audit = { id: auditId, actor, action: 'approval.ask', tenant, target, reason, ...shown };
    const of = [gtid, branch, resourceManager, gid].map((name) => name ?? null);
    const why = [proposal.outcome, reason, evidence];
    const who = [actor.kind, actor.id, actor.name];
    const values = [approvalId, ids.next(), action, tenant, ...of, ...why, ...who, LIFETIME_MS];
    await store.audited({ ...audit, stage: 'done' }, (run) => run(ASK_APPROVAL, values));
    const said = `It waits for a second person to approve it. ${effect}`;
    return { result: 'asked', said, auditId, approvalId };
  }

  /** Those of whose tenants the principal may read; the latest first. */
  async list({ principal }: OperatorRequest): Promise<readonly ApprovalView[]> {
    const tenants = tenantsFor(principal.grants, 'read');
    const visible = tenants === ALL_TENANTS ? null : tenants;
    const { run } = this.parts.ports.store;
    const rows = await run<ApprovalRow>(LIST_APPROVALS, [visible, LISTED_MAX]);
    const makers = await makersOf(run, rows, principal);
    return rows.map((row) => approvalView(row, principal, makers));
  }

  /** A1, A2. Once it is approved it is carried out, if that can be done now. @throws Refusal */
  async approve(request: OperatorRequest, reason: string): Promise<ApprovalView> {
    const row = await this.visible(request);
    const { run } = this.parts.ports.store;
    const line = this.lineOf(request, row, { verb: 'approve', reason });
    await orRefused(this.parts.ports, line, async () => {
      const makers = await this.requireApprovable(run, row, request.principal);
      const madeBy = {
        asker: makers.makersOf(askerOf(row)),
        approver: makers.makersOf(request.principal),
      };
      await this.decide(request, row, { verb: 'approve', state: 'approved', reason, madeBy });
    });
    await this.parts.carryingOut.carryOut(row.id);
    return this.viewOf(row.id, request);
  }

  /** Also by the one who has asked: he takes it back. @throws Refusal */
  async reject(request: OperatorRequest, reason: string): Promise<ApprovalView> {
    const row = await this.visible(request);
    const line = this.lineOf(request, row, { verb: 'reject', reason });
    await orRefused(this.parts.ports, line, () =>
      this.decide(request, row, { verb: 'reject', state: 'rejected', reason }),
    );
    return this.viewOf(row.id, request);
  }

  /** A1. @throws Refusal with why it cannot be approved by the principal */
  private async requireApprovable(
    run: Run,
    row: ApprovalRow,
    principal: Principal,
  ): Promise<Makers> {
    const makers = await makersOf(run, [row], principal);
    const whyNot = whyNotApprove(row, principal, makers);
    if (whyNot !== undefined) throw new Refusal('not-possible', whyNot);
    return makers;
  }

  /** A2; and A1 is proved again, in the commit that it is for. */
  private async decide(
    request: OperatorRequest,
    row: ApprovalRow,
    { verb, state, reason, madeBy }: Decided,
  ): Promise<void> {
    const actor = actorIn(request);
    const { kind, id, name } = actor;
    const askedBy = principalText(askerOf(row));
    const evidence = { askedBy, outcome: row.outcome, ...(madeBy && { madeBy }) };
    const line = { ...this.lineOf(request, row, { verb, reason }), evidence };
    await this.parts.ports.store.audited({ ...line, stage: 'done' }, async (run: Run) => {
      if (state === 'approved') await this.requireApprovable(run, row, request.principal);
      const by = JSON.stringify({ kind, id, name });
      const decided = await run(DECIDE_APPROVAL, [row.id, state, by, LEASE_MS]);
      if (decided.length > 0) return;
      const detail = 'Somebody else has decided it meanwhile, or its time is over: look again.';
      throw new Refusal('changed-meanwhile', detail);
    });
  }

  private lineOf(request: OperatorRequest, row: ApprovalRow, { verb, reason }: Deciding) {
    const { id, tenant, gtid, branch, resource_manager: resourceManager, gid } = row;
    return {
      id: this.parts.ports.ids.next(),
      actor: actorIn(request),
      action: `approval.${verb}`,
      tenant,
      target: targetOf({ approval: id, gtid, branch, resourceManager, gid }),
      reason,
    };
  }

  private async visible(request: OperatorRequest): Promise<ApprovalRow> {
    const row = await this.find(itemIdOf(request));
    const tenants = tenantsFor(request.principal.grants, 'outcomes.force');
    if (tenants === ALL_TENANTS || tenants.includes(row.tenant)) return row;
    throw unknownItem();
  }

  private async viewOf(id: string, { principal }: OperatorRequest): Promise<ApprovalView> {
    const row = await this.find(id);
    const makers = await makersOf(this.parts.ports.store.run, [row], principal);
    return approvalView(row, principal, makers);
  }

  private async find(id: string): Promise<ApprovalRow> {
    const [row] = await this.parts.ports.store.run<ApprovalRow>(FIND_APPROVAL, [id]);
    if (row === undefined) throw unknownItem();
    return row;
  }
}

interface Deciding {
  readonly verb: 'approve' | 'reject';
  readonly reason: string;
}

interface Decided extends Deciding {
  readonly state: 'approved' | 'rejected';
  /** Of an approval: who has made the keys, and the keys from which they come. */
  readonly madeBy?: { readonly asker: readonly string[]; readonly approver: readonly string[] };
}

/** Of whoever may approve them, and of those who have asked for what still waits. */
function makersOf(run: Run, rows: readonly ApprovalRow[], principal: Principal): Promise<Makers> {
  const waiting = rows.filter(({ state }) => state === 'pending');
  return Makers.of(run, [principal, ...waiting.map(askerOf)]);
}

/** Only the names that there are. */
export function targetOf(names: {
  readonly [name in keyof AuditLine['target']]?: string | null | undefined;
}): AuditLine['target'] {
  const there = Object.entries(names).filter(([, name]) => name !== null && name !== undefined);
  return Object.fromEntries(there);
}
