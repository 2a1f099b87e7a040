import type { AuditItemView } from '@concordat/wire/operations';
import type { Word } from '../../components/words.js';

export const stageWords: { readonly [S in AuditItemView['stage']]: Word } = {
  done: { tone: 'fine', label: 'done', means: 'It was done, in the same commit as this line.' },
  intended: {
    tone: 'wait',
    label: 'intended',
    means: 'Written before it was done elsewhere; another line says what came of it.',
  },
  failed: { tone: 'danger', label: 'failed', means: 'It was tried, and not done.' },
  refused: { tone: 'attention', label: 'refused', means: 'The server has not let it happen.' },
};

/** Everything that leaves a line, for choosing. */
export const auditActions = [
  'transaction.retry',
  'transaction.pause',
  'transaction.resume',
  'transaction.rollback',
  'transaction.forget',
  'branch.resolve',
  'branch.force',
  'branch.skip',
  'branch.replay',
  'branch.amend',
  'approval.ask',
  'approval.approve',
  'approval.reject',
  'orphan.end',
  'participant.pause',
  'participant.resume',
  'bulk.begin',
  'bulk.pause',
  'bulk.resume',
  'bulk.cancel',
  'key.make',
  'key.revoke',
  'alert.make',
  'alert.change',
  'alert.remove',
] as const;
