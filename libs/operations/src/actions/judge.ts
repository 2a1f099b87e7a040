// Whether a person may do what he asks for, as things are; why, or why not; and what it does. Pure,
// and the one place that says so: for the actions that a page offers, for a dry run, for the act,
// and for the proof within the engine, which applies the event to exactly what was judged here.
import type { Permission } from '@concordat/wire/operations';
import { branchActions, transactionActions } from '@concordat/wire/operations';
import { onBranch } from './on-branch.js';
import { onTransaction } from './on-transaction.js';
import type { Ask, Judgement, Known } from './words.js';

export type Action = Ask['action'];

/** Which permission each of them takes. */
export const permissionTo: { readonly [A in Action]: Permission } = {
  retry: 'transactions.operate',
  pause: 'transactions.operate',
  resume: 'transactions.operate',
  rollback: 'transactions.operate',
  forget: 'transactions.resolve',
  resolve: 'transactions.resolve',
  force: 'outcomes.force',
  skip: 'transactions.resolve',
  replay: 'transactions.resolve',
  amend: 'transactions.resolve',
};

/** Those that are judged by what the participant says of itself. */
export const asksParticipant: ReadonlySet<Action> = new Set<Action>([
  'resolve',
  'force',
  'skip',
  'replay',
]);

/** @param ask for a branch that the transaction has, if it is for one */
export function judge(ask: Ask, known: Known): Judgement {
  return 'branch' in ask ? onBranch(ask, known) : onTransaction(ask.action, known);
}

export { branchActions, transactionActions };
