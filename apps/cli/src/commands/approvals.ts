// `concordat approvals`, `approve`, `reject`: what takes a second person.
import type { ApprovalView } from '@concordat/wire/operations';
import { approvalListSchema, approvalViewSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { operations } from '../api.js';
import type { Look } from '../render/look.js';
import { wrapped } from '../render/text.js';
import { agoOf } from '../render/time.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import { withReason } from './acting.js';

interface Deciding {
  readonly reason: string;
}

export function addApprovals(program: Command, shell: Shell): void {
  program
    .command('approvals')
    .description('forced outcomes that wait for a second person, and what came of earlier ones')
    .action(
      shell.answering(async ({ api }) =>
        told(await api.get(operations('approvals'), approvalListSchema), ({ items }, look) =>
          items.length === 0 ? ['none'] : items.flatMap((item) => approvalLines(item, look)),
        ),
      ),
    );
  for (const decision of ['approve', 'reject'] as const) {
    withReason(program.command(`${decision} <approval>`))
      .description(`${decision} what another person has asked for`)
      .action(
        shell.answering<Deciding>(async ({ api, args: [id = ''], options: { reason } }) =>
          told(
            await api.post(operations('approvals', id, decision), { reason }, approvalViewSchema),
            approvalLines,
          ),
        ),
      );
  }
}

function approvalLines(approval: ApprovalView, look: Look): readonly string[] {
  const { id, state, action, gtid, branch, resourceManager, gid, outcome } = approval;
  const { paint, columns, now } = look;
  const target = [gtid, branch, resourceManager, gid].filter((part) => part !== undefined);
  const asked = `asked by ${approval.askedBy} ${agoOf(approval.askedAt, now)}`;
  const ends =
    state === 'pending'
      ? `expires ${agoOf(approval.expiresAt, now)}`
      : `${approval.decidedBy ?? 'nobody'}: ${approval.said ?? state}`;
  const may = approval.mayApprove ? 'you may approve it' : `not by you: ${approval.whyNot ?? ''}`;
  return [
    `${paint('bold', id)}  ${paint(state === 'pending' ? 'yellow' : 'dim', state)}`,
    ...wrapped(`${action}: ${outcome} ${target.join(' ')}`, columns, '  '),
    ...wrapped(`reason: ${approval.reason}`, columns, '  '),
    ...wrapped(`evidence: ${approval.evidence}`, columns, '  '),
    ...wrapped(`${asked}; ${ends}`, columns, '  '),
    ...(state === 'pending' ? wrapped(may, columns, '  ') : []),
  ];
}
