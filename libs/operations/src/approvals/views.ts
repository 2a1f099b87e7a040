// What is told of an approval.
import type { Makers, Principal, PrincipalName } from '@concordat/access';
import { may } from '@concordat/access';
import type { ApprovalView } from '@concordat/wire/operations';
import type { ApprovalRow } from '../statements/approval-row.js';

export function approvalView(row: ApprovalRow, principal: Principal, makers: Makers): ApprovalView {
  const { resource_manager: resourceManager, asked_at, expires_at, decided_by, decided_at } = row;
  const whyNot = whyNotApprove(row, principal, makers);
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

export function askerOf({ asked_kind: kind, asked_id: id }: ApprovalRow): PrincipalName {
  return { kind, id };
}

/**
 * @param makers of the principal and of who has asked
 * @returns undefined if the principal may approve it
 */
export function whyNotApprove(
  row: ApprovalRow,
  principal: Principal,
  makers: Makers,
): string | undefined {
  const state = stateOf(row);
  if (state === 'expired') return 'Its time is over: it has to be asked for again.';
  if (state !== 'pending') return `It is ${state} already.`;
  if (!may(principal, 'outcomes.force', row.tenant)) {
    return 'This takes the permission outcomes.force.';
  }
  const isAsker = row.asked_kind === principal.kind && row.asked_id === principal.id;
  if (isAsker) return 'You have asked for it: another person has to approve it.';
  return whyOnePerson(row, principal, makers);
}

/** A1 of approvals.ts. Whoever has made a key of the two may hold both. */
function whyOnePerson(row: ApprovalRow, principal: Principal, makers: Makers): string | undefined {
  const name = row.asked_name;
  if (makers.hasMade(principal, askerOf(row))) {
    return (
      `You have made the key of ${name}, who has asked for it, or a key from which it comes: ` +
      'another person has to approve it, with a key of their own or signed in by the provider.'
    );
  }
  if (!makers.hasMade(askerOf(row), principal)) return undefined;
  return (
    `Your key was made by ${name}, who has asked for it, or comes from a key of theirs: so you ` +
    'could be the same person. It takes a key that another admin has made, or somebody who is ' +
    'signed in by the provider; or another person asks for it, and then you can approve it.'
  );
}

type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Without the fields that there are not. */
function given<T extends object>(fields: T): Given<T> {
  const there = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(there) as Given<T>;
}
