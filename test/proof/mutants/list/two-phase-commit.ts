import type { Group, Mutant } from '../mutant.ts';

const file = 'libs/protocols/src/two-phase-commit.ts';
const killers = ['test/traces', 'libs/protocols'];

const mutants: readonly Mutant[] = [
  {
    id: 'M101',
    file,
    find: `if (some(state.branches, 'enlisted')) return state;`,
    replace: '',
    fault: 'commits on the first vote that is prepared',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M102',
    file,
    find: `if (some(state.branches, 'refused')) return rollBack(state.branches);`,
    replace: '',
    fault: 'a refusal does not roll back',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M103',
    file,
    find: `calls('rollback', state.branches, 'prepared', 'enlisted')`,
    replace: `calls('rollback', state.branches, 'prepared')`,
    fault: 'a branch in doubt is not rolled back: no answer is taken for a refusal',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M104',
    file,
    find: `isUndecided(state) && event.at >= state.deadline ? rollBack(state.branches) : state`,
    replace: `state`,
    fault: 'the deadline never decides',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M105',
    file,
    find: `return { calls: calls('commit', state.branches, 'prepared') };`,
    replace: `return { calls: calls('commit', state.branches, 'prepared', 'read-only') };`,
    fault: 'a read-only branch is called again',
    killers,
  },
  {
    id: 'M106',
    file,
    find: `return isUndecided(state) ? rollBack(state.branches) : state;`,
    replace: `return state.phase === 'ended' ? state : rollBack(state.branches);`,
    fault: 'a wish for rollback takes a commit decision back',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M107',
    file,
    find: `return { phase: 'committing-one-phase', branches };`,
    replace: `return decideOnVotes({ phase: 'preparing', branches: withState(branches, only.id, 'prepared'), deadline });`,
    fault: 'a lone branch is committed without having been asked',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M108',
    file,
    find: `return state.phase === 'active' || state.phase === 'preparing';`,
    replace: `return state.phase !== 'committing' && state.phase !== 'rolling-back' && state.phase !== 'ended';`,
    fault: 'a wish for rollback decides in one phase, where only the participant may',
    killers,
  },
  {
    id: 'M109',
    file,
    find: `if (outstanding(state).calls.length > 0) return state;`,
    replace: `if (outstanding(state).calls.length > 1) return state;`,
    fault: 'ends, and forgets, before the last acknowledgement',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M110',
    file,
    find: `return { phase: 'ended', branches, outcome: 'rolled-back', decision: 'rollback' };`,
    replace: `return endIfSettled({ phase: 'committing', branches });`,
    fault: 'in one phase, a refusal is taken for a commit',
    killers,
    also: ['simulator'],
  },
];

export const twoPhaseCommit: Group = { title: 'Two-phase commit, the coordinator', mutants };
