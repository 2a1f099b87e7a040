// One action on many: on those that are selected, one after the other; or on all that match, as a
// job of the server that can be paused and stops by itself.
import type { ActionResultView, BulkAction } from '@concordat/wire/operations';
import type { Submit } from '../../api/actions.js';
import { beginBulk, onTransaction } from '../../api/actions.js';
import { inWords } from '../../api/problem.js';
import type { Flat } from '../../app/search.js';
import { plural } from '../../components/numbers.js';

export interface BulkChoice {
  readonly action: BulkAction;
  readonly label: string;
  readonly effect: string;
  /** To be typed, as for one of them. */
  readonly typedWord?: string;
}

export const bulkChoices: readonly BulkChoice[] = [
  {
    action: 'retry',
    label: 'Retry now',
    effect: 'Asks every outstanding branch now, however long its back-off would be.',
  },
  {
    action: 'pause',
    label: 'Pause',
    effect: 'Holds back every outstanding call. Replies and deadlines still count.',
  },
  { action: 'resume', label: 'Resume', effect: 'Lets the calls go again.' },
  {
    action: 'rollback',
    label: 'Roll back',
    effect: 'Asks for rollback, as the initiator could. What is decided stays decided.',
    typedWord: 'roll back',
  },
];

/** @param limits as they stand in the request */
export function onAllThatMatch(
  action: BulkAction,
  filter: Flat,
  limits: { readonly perSecondMax: number; readonly failuresMax: number },
): Submit {
  return async ({ reason, dryRun }) => {
    const answer = await beginBulk({ action, filter, reason, dryRun, ...limits });
    if ('result' in answer) return answer;
    const count = plural(answer.total, 'transaction is', 'transactions are');
    return { result: 'done', said: `${count} taken down, and done one by one. See Bulk actions.` };
  };
}

/** Of some, the server may refuse what it does to others: each answer counts by itself. */
export function onSelected(action: BulkAction, gtids: readonly string[]): Submit {
  return async (asked) => {
    const refused: unknown[] = [];
    const results: ActionResultView[] = [];
    for (const gtid of gtids) {
      const answer = onTransaction(gtid, action)(asked);
      await answer.then(
        (result) => results.push(result),
        (error: unknown) => refused.push(error),
      );
    }
    if (results.length === 0) throw refused[0];
    const result = results.find(isNews)?.result ?? 'unchanged';
    return { result, said: summary(results, refused) };
  };
}

const isNews = ({ result }: ActionResultView): boolean => result !== 'unchanged';

function summary(results: readonly ActionResultView[], refused: readonly unknown[]): string {
  const changed = results.filter(isNews).length;
  const parts = [plural(changed, 'transaction', 'transactions')];
  const unchanged = results.length - changed;
  if (unchanged > 0) parts.push(`${unchanged} with nothing to do`);
  if (refused.length > 0) parts.push(`${refused.length} refused: ${inWords(refused[0]).detail}`);
  return `${parts.join('; ')}.`;
}
