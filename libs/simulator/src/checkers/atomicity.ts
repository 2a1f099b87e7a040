// AC1 and AC3 of atomic commitment (Bernstein, Hadzilacos & Goodman 1987, chapter 7), at the
// resources themselves. Holds at every moment for 2PC, 3PC and TCC; for a saga see saga.ts.
//
// A1. No branch has committed beside one that has rolled back.
// A2. A branch commits only if every other one has promised to: prepared, or nothing to commit.
// A3. Judged is who has kept its contract. In 3PC the members' promises are what safety rests on,
//     so one that forgets or breaks them takes the others with it.
import type { Checker } from '../history.js';
import { has, isHonest } from '../history.js';

export const atomicity: Checker = ({ gtid, protocol, branches }) => {
  if (protocol === 'saga') return [];
  const honest = branches.filter(isHonest);
  if (protocol === '3pc' && honest.length < branches.length) return []; // A3
  const committed = honest.find((branch) => has(branch, 'committed'));
  if (committed === undefined) return [];
  const rolledBack = honest.find((branch) => has(branch, 'rolled-back'));
  if (rolledBack !== undefined) {
    return [`${gtid}: ${committed.id} has committed and ${rolledBack.id} has rolled back`]; // A1
  }
  const unpromised = honest.find(({ effects }) => effects.length === 0);
  if (unpromised === undefined) return [];
  return [`${gtid}: ${committed.id} has committed without the promise of ${unpromised.id}`]; // A2
};
