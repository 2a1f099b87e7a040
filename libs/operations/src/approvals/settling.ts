// The end of an approval, with the line of its act in the same commit.
import type { AuditLine } from '@concordat/engine';
import { assert } from '@concordat/protocols';
import { asGtid } from '@concordat/wire';
import type { OperationsPorts } from '../ports.js';
import type { ApprovalRow } from '../statements/approval-row.js';
import { SETTLE_APPROVAL } from '../statements/settle-approval.js';
import type { CameOf } from './carry-out.js';

/** Who has approved it does it, upon the word of who has asked. */
export function actorOf({ decided_by: by }: ApprovalRow): NonNullable<ApprovalRow['decided_by']> {
  assert(by !== null, 'what is approved was approved by somebody');
  return by;
}

/** The line of what has become of it. */
export function lineOf(
  row: ApprovalRow,
  stage: AuditLine['stage'],
  how: { readonly id?: string; readonly evidence: NonNullable<AuditLine['evidence']> },
): AuditLine {
  const { gtid, branch, resource_manager: resourceManager, gid } = row;
  return {
    id: how.id ?? row.act_id,
    actor: actorOf(row),
    action: row.action,
    stage,
    tenant: row.tenant,
    target: {
      approval: row.id,
      ...(gtid === null ? {} : { gtid: asGtid(gtid) }),
      ...(branch === null ? {} : { branch }),
      ...(resourceManager === null ? {} : { resourceManager }),
      ...(gid === null ? {} : { gid }),
    },
    reason: row.reason,
    evidence: how.evidence,
  };
}

/** What it is said to be upon. */
export function saidIn(row: ApprovalRow) {
  return {
    outcome: row.outcome,
    said: row.evidence,
    askedBy: `${row.asked_kind}:${row.asked_id}`,
  };
}

export async function settle(
  { store }: Pick<OperationsPorts, 'store'>,
  row: ApprovalRow,
  state: 'done' | 'failed',
  seen: string,
): Promise<CameOf> {
  const line = lineOf(row, state, { evidence: { ...saidIn(row), seen } });
  await store.audited(line, (run) => run(SETTLE_APPROVAL, [row.id, state, seen]));
  return { type: 'settled' };
}
