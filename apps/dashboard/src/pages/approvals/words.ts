import type { ApprovalView } from '@concordat/wire/operations';
import type { Word } from '../../components/words.js';

export const approvalWords: { readonly [S in ApprovalView['state']]: Word } = {
  pending: { tone: 'wait', label: 'waits', means: 'It waits for a second person.' },
  approved: {
    tone: 'wait',
    label: 'approved',
    means: 'Approved, and being done: it is tried again until it is done.',
  },
  done: { tone: 'fine', label: 'done', means: 'Approved, and done.' },
  failed: { tone: 'danger', label: 'failed', means: 'Approved, and it could not be done.' },
  rejected: {
    tone: 'neutral',
    label: 'rejected',
    means: 'Refused, or taken back. Nothing was done.',
  },
  expired: {
    tone: 'neutral',
    label: 'expired',
    means: 'Nobody decided in time. Nothing was done.',
  },
};

/** Whether it is about what nobody has begun here: there is no transaction to look at. */
export function isOfOrphan({ action }: ApprovalView): boolean {
  return action.startsWith('orphan');
}

/** `Commit debit`, `Roll orphan … back`: what would be done. */
export function inWords(approval: ApprovalView): string {
  const { outcome, branch, gid } = approval;
  const what = branch ?? gid ?? 'it';
  const named = isOfOrphan(approval) ? `the orphan ${what}` : what;
  return outcome === 'commit' ? `Commit ${named}` : `Roll ${named} back`;
}
