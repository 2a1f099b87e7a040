// What is told of an approval.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { ApprovalView } from '@concordat/wire/operations';
import type { ApprovalRow } from '../statements/approval-row.js';

export function approvalView(row: ApprovalRow, principal: Principal): ApprovalView {
  const { resource_manager: resourceManager, asked_at, expires_at, decided_by, decided_at } = row;
  const whyNot = whyNotApprove(row, principal);
  return {
    id: row.id,
    state: stateOf(row),
    action: row.action,
    tenant: row.tenant,
    ...given({ gtid: row.gtid, branch: row.branch, resourceManager, gid: row.gid }),
    outcome: row.outcome,
    reason: row.reason,
    evidence: row.evidence,
    askedBy: row.asked_name,
    askedAt: asked_at.toISOString(),
    expiresAt: expires_at.toISOString(),
    ...given({ decidedBy: decided_by?.name, decidedAt: decided_at?.toISOString() }),
    ...given({ said: row.said }),
    mayApprove: whyNot === undefined,
    ...given({ whyNot }),
  };
}

/** Nobody has written yet that its time is over. */
export function stateOf({ state, is_over }: ApprovalRow): ApprovalRow['state'] {
  return is_over ? 'expired' : state;
}

/** @returns undefined if the principal may approve it */
export function whyNotApprove(row: ApprovalRow, principal: Principal): string | undefined {
  const state = stateOf(row);
  if (state === 'expired') return 'Its time is over: it has to be asked for again.';
  if (state !== 'pending') return `It is ${state} already.`;
  if (!may(principal, 'outcomes.force', row.tenant)) {
    return 'This takes the permission outcomes.force.';
  }
  const isAsker = row.asked_kind === principal.kind && row.asked_id === principal.id;
  return isAsker ? 'You have asked for it: another person has to approve it.' : undefined;
}

type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Without the fields that there are not. */
function given<T extends object>(fields: T): Given<T> {
  const there = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(there) as Given<T>;
}
