// Ends a branch by force, once that is approved.
//
//   judge, as things are now ─▶ its database holds it prepared? ──yes──▶ end it there
//     │ may not                    │ no                                    │
//     ▼                            ▼                                       │
//   has it ended so by itself?   the reply, by a person, with the line ◀───┘
//
// K1. What was approved an hour ago is judged again upon what is so now.
// K2. Once its database has obeyed, the participant may say by itself what has become of the
//     branch, before we do. That is the same truth, and the act is done.
import type { BranchId } from '@concordat/protocols';
import { assert, summaryOf } from '@concordat/protocols';
import { asBranchId, asGtid } from '@concordat/wire';
import type { Acts, Asked, Proved } from '../actions/acts.js';
import { Refusal } from '../api.js';
import { lineOf as actLineOf } from '../audit/lines.js';
import type { OperationsPorts } from '../ports.js';
import type { ApprovalRow } from '../statements/approval-row.js';
import type { CameOf } from './carry-out.js';
import type { CameOfEnding } from './ending.js';
import { endThere } from './ending.js';
import { actorOf, saidIn, settle } from './settling.js';

const TRIES_MAX = 5;

export class Forcing {
  constructor(
    private readonly ports: Pick<OperationsPorts, 'engine' | 'store' | 'resourceManagers' | 'ids'>,
    private readonly acts: Acts,
  ) {}

  async carryOut(row: ApprovalRow): Promise<CameOf> {
    const asked = askedOf(row);
    let seen: string | undefined;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const proved = await this.prove(asked);
      if ('type' in proved) return this.ifEndedSo(row, seen ?? proved.why);
      const ended = seen === undefined ? await this.endIfPrepared(asked, proved) : undefined;
      if (ended?.type === 'unknown') return { type: 'not-yet', said: ended.seen };
      if (ended?.type === 'gone') continue; // somebody was faster: look again
      if (ended !== undefined) seen = ended.seen;
      const did = seen === undefined ? {} : { did: seen };
      const done = await this.acts.act({ ...asked, ...did }, proved);
      if (done !== undefined) return { type: 'done', said: done.said };
    }
    return { type: 'not-yet', said: 'it changes faster than it can be judged' };
  }

  /** K1. */
  private async prove(asked: Asked): Promise<Proved | { readonly type: 'no'; why: string }> {
    try {
      const proved = await this.acts.prove(asked);
      return 'result' in proved ? { type: 'no', why: proved.said } : proved;
    } catch (error) {
      if (error instanceof Refusal) return { type: 'no', why: error.detail };
      throw error;
    }
  }

  /** @returns undefined if it is not prepared in a database of ours */
  private async endIfPrepared(
    asked: Asked & { readonly ask: { readonly outcome: 'commit' | 'rollback' } },
    { record, known }: Proved,
  ): Promise<CameOfEnding | undefined> {
    const { observed, gid, resourceManager } = known.observation ?? {};
    if (observed !== 'prepared' || gid === undefined || resourceManager === undefined) {
      return undefined;
    }
    const { outcome } = asked.ask;
    const tenant = record.definition.tenant ?? 'default';
    const act = { ...asked, id: this.ports.ids.next(), tenant };
    const line = actLineOf(act, 'intended');
    const target = { ...line.target, resourceManager, gid };
    const intent = { ...line, target, evidence: { outcome, said: asked.evidence ?? '' } };
    return endThere(this.ports, { resourceManager, gid, outcome }, intent);
  }

  /** K2. @param why what speaks against it, or what was seen when it was ended */
  private async ifEndedSo(row: ApprovalRow, why: string): Promise<CameOf> {
    const { gtid, branch } = placeOf(row);
    const record = await this.ports.engine.find(gtid);
    const summary = record && summaryOf(record.transaction);
    const state = summary?.branches.find(({ id }) => id === branch)?.state;
    const isAsOrdered = state === 'acknowledged' && summary?.decision === row.outcome;
    if (state === `heuristic-${row.outcome}` || isAsOrdered) {
      return settle(this.ports, row, 'done', `${why}; the participant itself has said so`);
    }
    return settle(this.ports, row, 'failed', why);
  }
}

function placeOf({ gtid, branch }: ApprovalRow) {
  assert(gtid !== null && branch !== null, 'a branch is forced in its transaction');
  return { gtid: asGtid(gtid), branch: asBranchId(branch) satisfies BranchId };
}

function askedOf(row: ApprovalRow) {
  const { gtid, branch } = placeOf(row);
  const { outcome } = row;
  return {
    id: row.act_id,
    actor: actorOf(row),
    reason: row.reason,
    gtid,
    ask: { action: 'force' as const, branch, outcome },
    evidence: row.evidence,
    approval: row.id,
    askedBy: saidIn(row).askedBy,
    dryRun: false,
    signal: new AbortController().signal,
  };
}
