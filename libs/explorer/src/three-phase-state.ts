// The state of a transaction of 3PC, for models that look into it or change it.
import type { Transaction } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';

export type ThreePhaseState = Extract<Transaction['current'], { protocol: '3pc' }>['state'];

export function threePhaseStateOf({ current }: Transaction): ThreePhaseState {
  if (current.protocol !== '3pc') throw new RangeError('not a transaction of 3PC');
  return current.state;
}

/** The same transaction, decided. Participants of 3PC do not look at tokens: any will do. */
export function decidedCommit(before: Transaction): Transaction {
  const { version } = before;
  const ids = summaryOf(before).branches.map(({ id }) => id);
  const branches = ids.map((id) => ({ id, state: 'prepared' as const }));
  return {
    ...before,
    current: { protocol: '3pc', state: { phase: 'committing', branches } },
    tokens: Object.fromEntries(ids.map((id) => [`do-commit:${id}`, version])),
  };
}
