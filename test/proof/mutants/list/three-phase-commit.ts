import type { Group, Mutant } from '../mutant.ts';

const ofMachines = [
  'libs/protocols/src/three-phase-participant.spec.ts',
  'libs/protocols/src/surrogate.spec.ts',
  'libs/protocols/src/three-phase-commit.spec.ts',
];
const killers = ['test/traces', 'libs/protocols/src/quorum.spec.ts', ...ofMachines];

const coordinator: readonly Mutant[] = [
  {
    id: 'M201',
    file: 'libs/protocols/src/three-phase-commit.ts',
    find: `return isVoting(state) ? abort(state.branches) : state; // E2, E3`,
    replace: `      if (state.phase === 'pre-committing') return abort(branchesOf(state.members));
      return isVoting(state) ? abort(state.branches) : state; // E2, E3`,
    fault: 'aborts alone after a pre-commit may have been sent',
    killers,
  },
  {
    id: 'M202',
    file: 'libs/protocols/src/three-phase-commit.ts',
    find: `return calls(operation, branches, 'enlisted', 'prepared', 'pre-committed', 'pre-aborted');`,
    replace: `return calls(operation, branches, 'enlisted', 'pre-committed', 'pre-aborted');`,
    fault: 'a member that was not pre-committed never hears the decision',
    killers,
  },
  {
    id: 'M203',
    file: 'libs/protocols/src/three-phase-commit.ts',
    find: `    case 'refused':
      return abort(withState(state.branches, branch, reply));`,
    replace: '',
    fault: 'a refusal does not abort',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M204',
    file: 'libs/protocols/src/quorum.ts',
    find: `return Math.floor(members / 2) + 1;`,
    replace: `return Math.floor(members / 2);`,
    fault: 'a quorum is one member short of a majority',
    killers,
  },
  {
    id: 'M205',
    file: 'libs/protocols/src/quorum.ts',
    find: `return latest.length > 0 && latest.every(`,
    replace: `return latest.every(`,
    fault: 'an election commits though nobody has obeyed an attempt',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M206',
    file: 'libs/protocols/src/quorum.ts',
    find: `const latest = attempted.filter(({ lastAttempt }) => lastAttempt === max);`,
    replace: `const latest = attempted.filter(({ state }) => max >= 0 && state === 'pre-committed');`,
    fault: 'an election commits for any pre-commit, however old its attempt',
    killers,
  },
  {
    id: 'M207',
    file: 'libs/protocols/src/quorum.ts',
    find: `const candidate = Math.floor(ballot / step) * step + owner;`,
    replace: `const candidate = Math.floor(ballot / step) * step + Math.min(owner, 1);`,
    fault: 'two members elect at the same ballot',
    killers,
  },
  {
    id: 'M208',
    file: 'libs/protocols/src/balloting.ts',
    find: `if (standing.lastElected < ballot) return [{ branch: id, operation: 'elect', ballot }];`,
    replace: `if (phase === 'electing' && standing.lastElected < ballot) return [{ branch: id, operation: 'elect', ballot }];`,
    fault: 'a member is asked to obey a ballot that it has not promised',
    killers,
  },
  {
    id: 'M209',
    file: 'libs/protocols/src/balloting.ts',
    find: `return standing.state === obedient && standing.lastAttempt === ballot;`,
    replace: `return standing.state === obedient && ballot >= 0;`,
    fault: 'the acknowledgement of an older ballot counts towards the quorum',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M210',
    file: 'libs/protocols/src/balloting.ts',
    find: `if (standing.state === 'aborted') return { phase: 'aborting', members };`,
    replace: '',
    fault: 'a member that has aborted is not believed',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M211',
    file: 'libs/protocols/src/balloting.ts',
    find: `if (standing.lastElected > state.ballot) {`,
    replace: `if (standing.lastElected > state.ballot && state.ballot < 0) {`,
    fault: 'argues with a member that has promised a higher ballot',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M212',
    file: 'libs/protocols/src/three-phase-commit.ts',
    find: `return firstBallot(state.branches.map(({ id }) => id));`,
    replace: `return endIfSettled({ phase: 'committing', branches: state.branches });`,
    fault: 'commits on the votes alone, without a pre-commit',
    killers,
    also: ['simulator'],
  },
];

const participant: readonly Mutant[] = [
  {
    id: 'M251',
    file: 'libs/protocols/src/three-phase-participant.ts',
    find: `if (isFinal(standing) || standing.lastElected !== ballot) return tell(standing); // P1, P2`,
    replace: `if (isFinal(standing)) return tell(standing); // P1, P2`,
    fault: 'a participant obeys a ballot older than the one it has promised',
    killers: ofMachines,
    also: ['simulator'],
  },
  {
    id: 'M252',
    file: 'libs/protocols/src/three-phase-participant.ts',
    find: `if (isFinal(standing) || standing.lastElected >= ballot) return tell(standing); // P1`,
    replace: `if (isFinal(standing)) return tell(standing); // P1`,
    fault: 'a participant goes back to a lower promise',
    killers: ofMachines,
  },
  {
    id: 'M253',
    file: 'libs/protocols/src/three-phase-participant.ts',
    find: `return tell({ state: 'aborted', lastElected: ballot, lastAttempt: FIRST_BALLOT });`,
    replace: `return tell({ state: 'ready', lastElected: ballot, lastAttempt: FIRST_BALLOT });`,
    fault: 'a participant that has not voted counts as ready in an election',
    killers: ofMachines,
    also: ['simulator'],
  },
  {
    id: 'M254',
    file: 'libs/protocols/src/three-phase-participant.ts',
    find: `if (standing === undefined) return { type: 'silence' }; // P5`,
    replace: `if (standing === undefined) return answer(voted('prepared'), { type: 'acknowledged' }); // P5`,
    fault: 'a participant that has lost its memory takes part in a quorum',
    killers: ofMachines,
  },
  {
    id: 'M255',
    file: 'libs/protocols/src/three-phase-participant.ts',
    find: `return tell({ ...standing, lastElected: ballot });`,
    replace: `return tell({ ...standing, lastElected: ballot, lastAttempt: FIRST_BALLOT });`,
    fault: 'a promise forgets the last attempt that was obeyed',
    killers: ofMachines,
  },
  {
    id: 'M256',
    file: 'libs/protocols/src/surrogate.ts',
    find: `return own.some(({ operation }) => operation === 'elect') ? own : calls; // S1`,
    replace: `return own.length > 99 ? own : calls; // S1`,
    fault: 'a surrogate asks others before its own promise is durable',
    killers: ofMachines,
  },
  {
    id: 'M257',
    file: 'libs/protocols/src/surrogate.ts',
    find: `const ballot = ballotAbove(own.lastElected, roster.length, place + 1);`,
    replace: `const ballot = ballotAbove(0 * own.lastElected, roster.length, place + 1);`,
    fault: 'a surrogate uses the same ballot twice',
    killers: ofMachines,
  },
];

export const threePhaseCommit: Group = {
  title: 'Three-phase commit, the coordinator and its ballots',
  mutants: coordinator,
};

export const threePhaseParticipant: Group = {
  title: 'Three-phase commit, the participant',
  mutants: participant,
};
