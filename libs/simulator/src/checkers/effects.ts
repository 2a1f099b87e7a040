// Exactly once, and nothing late: what the barrier is for.
//
// E1. No effect of a branch comes about twice, however often its call was delivered.
// E2. A branch commits or rolls back, not both; a saga's may roll back what it has committed.
// E3. No call that is older than one that had an effect has one itself.
import type { Checker } from '../history.js';
import { has, isHonest } from '../history.js';

export const effects: Checker = ({ gtid, protocol, branches }) =>
  branches.filter(isHonest).flatMap((branch) => {
    const { id, calls } = branch;
    const types = branch.effects.map(({ type }) => type);
    const twice = types.find((type, index) => types.indexOf(type) !== index);
    const ends = has(branch, 'committed') && has(branch, 'rolled-back');
    const stale = calls.staleAccepted;
    return [
      ...(twice === undefined ? [] : [`${gtid}: ${id} was ${twice} twice`]), // E1
      ...(ends && protocol !== 'saga' ? [`${gtid}: ${id} has committed and rolled back`] : []),
      ...(stale > 0 ? [`${gtid}: ${id} has obeyed ${stale} stale calls`] : []), // E3
    ];
  });
