// The branches of a global transaction give their votes, all at the same time.
import type { Ballot, BallotBranch } from './decisions.js';
import type { Context, Database } from './context.js';
import type { LocalBranch } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';

export type Enlisted = readonly [Database, LocalBranch];

export interface Votes {
  /** All but those that had written nothing: they are over. */
  readonly branches: readonly BallotBranch[];
  /** Why there can be no commit; empty if there can. */
  readonly noes: readonly unknown[];
}

/** Prepares them. Late work is a no as well (C1 of context.ts). */
export async function votesOf(context: Context, enlisted: readonly Enlisted[]): Promise<Votes> {
  const branches: BallotBranch[] = [];
  const noes: unknown[] = [];
  const asked = enlisted.map(async ([{ name }, branch]) => {
    try {
      const vote = await branch.prepare();
      if (vote.type === 'prepared') branches.push({ name, vote: 'prepared', result: vote.result });
    } catch (error) {
      noes.push(error);
      const isCertain = error instanceof CertainlyRolledBack;
      branches.push({ name, vote: isCertain ? 'refused' : 'in-doubt', result: null });
    }
  });
  await Promise.all(asked);
  try {
    context.requireUnused();
  } catch (error) {
    noes.push(error);
  }
  return { branches, noes };
}

/** Whether somebody must be told to roll back: the others have no part in it any more. */
export function isAnyLeft({ branches }: Pick<Ballot, 'branches'>): boolean {
  return branches.some(({ vote }) => vote !== 'refused');
}

/** What was never prepared: its database hears of it, or notices that the connection is gone. */
export async function rollBackHere(branches: readonly Enlisted[]): Promise<void> {
  await Promise.all(branches.map(([, branch]) => branch.rollback()));
}
