// How the replies to the orders of a decision merge into one outcome.
//
// Source: X/Open XA, chapter 3; the merge after Narayana's BasicAction.updateHeuristic.
//
// O1. A heuristic that agrees with the decision is an acknowledgement.
// O2. Some committed and some rolled back is mixed, and mixed dominates.
// O3. Hazard (what a branch did is not known) dominates whatever is one-sided.
import type { Outcome } from './vocabulary.js';

/** The states a branch can be in once it has answered an order of its decision. */
export type Acknowledged =
  | 'acknowledged'
  | 'heuristic-commit'
  | 'heuristic-rollback'
  | 'heuristic-mixed'
  | 'heuristic-hazard';

export function isAcknowledged(state: string): state is Acknowledged {
  return state === 'acknowledged' || state.startsWith('heuristic-');
}

/**
 * @param decision what every branch was told
 * @param replies what each branch that was told has answered; none if nobody had to be told
 */
export function outcomeOf(
  decision: 'commit' | 'rollback',
  replies: readonly Acknowledged[],
): Outcome {
  const obeyed = decision === 'commit' ? 'heuristic-commit' : 'heuristic-rollback'; // O1
  const defied = decision === 'commit' ? 'heuristic-rollback' : 'heuristic-commit';
  const count = (...states: readonly Acknowledged[]): number =>
    replies.filter((reply) => states.includes(reply)).length;

  if (count('heuristic-mixed') > 0) return 'heuristic-mixed';
  if (count(defied) > 0 && count(obeyed, 'acknowledged') > 0) return 'heuristic-mixed'; // O2
  if (count('heuristic-hazard') > 0) return 'heuristic-hazard'; // O3
  if (count(defied) > 0) return defied;
  return decision === 'commit' ? 'committed' : 'rolled-back';
}
