// How the replies to the orders of a decision merge into one outcome.
//
// Source: X/Open XA, chapter 3; the merge after Narayana's BasicAction.updateHeuristic.
//
// O1. A heuristic that agrees with the decision is an acknowledgement.
// O2. Some committed and some rolled back is mixed, and mixed dominates. A branch that refused has
//     rolled back.
// O3. Hazard (what a branch did is not known) dominates whatever is one-sided.
import type { Branches } from './branches.js';
import { some } from './branches.js';
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
 * @param branches in their last states; who had not to be told is not acknowledged
 */
export function outcomeOf(decision: 'commit' | 'rollback', branches: Branches<string>): Outcome {
  const obeyed = decision === 'commit' ? 'heuristic-commit' : 'heuristic-rollback'; // O1
  const defied = decision === 'commit' ? 'heuristic-rollback' : 'heuristic-commit';
  const any = (...states: readonly (Acknowledged | 'refused')[]): boolean =>
    some<string>(branches, ...states);

  if (any('heuristic-mixed')) return 'heuristic-mixed';
  if (any(defied) && any(obeyed, 'acknowledged', 'refused')) return 'heuristic-mixed'; // O2
  if (any('heuristic-hazard')) return 'heuristic-hazard'; // O3
  if (any(defied)) return defied;
  return decision === 'commit' ? 'committed' : 'rolled-back';
}
