// 3PC in the catalogue: what ships, what is only for teaching, and mutants.
import type { Surrogate } from '@concordat/protocols';
import { obey } from '@concordat/protocols';
import type { BallotOptions, Stood } from '../ballot-participant.js';
import { ballotParticipant } from '../ballot-participant.js';
import { shippedCoordinator } from '../coordinator.js';
import type { Model } from '../explore.js';
import type { CoordinatorRules, ParticipantRules, SurrogateRules } from '../parts.js';
import { shippedSurrogate } from '../shipped-surrogate.js';
import { System } from '../system.js';
import { boundedElections, threePhaseParts } from '../three-phase-model.js';
import {
  anyPreCommitCommits,
  coordinatorDecidesByOne,
  decidesByOne,
  electedByOne,
  isDeafOnceDecided,
  obeysOlderBallots,
  promisesToOthersFirst,
  sendsFirst,
} from '../variants/mutants.js';
import { timeoutsDecide } from '../variants/naive.js';
import { skeenCoordinator, skeenObey, skeenSurrogate } from '../variants/skeen.js';
import type { Entry } from './entry.js';
import { NO_BOUNDS, plans } from './entry.js';

interface Scenario<Surrogate> {
  readonly size: number;
  readonly failures: boolean;
  /** How often the coordinator may elect. */
  readonly electionsMax: number;
  /** From which places surrogates may stand in. */
  readonly seats: readonly number[];
  readonly coordinator: (shipped: CoordinatorRules) => CoordinatorRules;
  readonly participants: (options: BallotOptions) => ParticipantRules<Stood>;
  readonly surrogates: SurrogateRules<Stood, Surrogate>;
  /** Of a variation, only whether all agree. */
  readonly checks: 'everything' | 'agreement';
}

const branchesOf = (size: number) => plans(size).map(({ id }) => id);

function shippedWith(size: number, runsMax: number) {
  return {
    size,
    failures: true,
    electionsMax: 0,
    seats: [] as readonly number[],
    coordinator: (rules: CoordinatorRules) => rules,
    participants: ballotParticipant,
    surrogates: shippedSurrogate(branchesOf(size), runsMax),
    checks: 'everything',
  } as const;
}

function modelOf<Surrogate>(scenario: Scenario<Surrogate>): Model {
  const { size, failures, electionsMax } = scenario;
  const coordinator = shippedCoordinator({
    protocol: '3pc',
    plans: plans(size),
    begins: ['driven', 'active'],
    failures,
  });
  const branches = branchesOf(size);
  return new System(
    threePhaseParts({
      ...scenario,
      branches,
      coordinator: scenario.coordinator(boundedElections(coordinator, electionsMax)),
      participants: scenario.participants({ roster: branches, mayRefuse: failures, obey }),
      mustCommit: !failures,
      messagesMax: electionsMax > 0 ? 1_024 : 384,
    }),
  );
}

function bounds(electionsMax: number, seats: number, runsMax: number): string {
  const times = (n: number): string => (n === 1 ? 'once' : `${n} times`);
  const surrogates = seats === 0 ? 'no surrogate' : `${seats} surrogates, each ${times(runsMax)}`;
  const elects = electionsMax === 0 ? 'does not elect' : `elects ${times(electionsMax)}`;
  return `${surrogates.replace(/^1 surrogates, each/, '1 surrogate,')}; coordinator ${elects}`;
}

function shippedEntry(
  size: number,
  [seats, runsMax, electionsMax]: readonly [readonly number[], number, number],
  isLarge = false,
): Entry {
  const scenario = { ...shippedWith(size, runsMax), seats, electionsMax };
  return {
    name: `3pc ${size}, ${seats.length} × ${runsMax} + ${electionsMax}`,
    about: `${size} members; everything that can fail fails, and members stand in.`,
    bounds: bounds(electionsMax, seats.length, runsMax),
    expected: 'exhausted',
    isLarge,
    model: () => modelOf(scenario),
  };
}

export const threePhaseEntries: readonly Entry[] = [
  shippedEntry(2, [[0, 1], 1, 1]),
  shippedEntry(2, [[0], 2, 1]),
  shippedEntry(3, [[], 0, 0]),
  shippedEntry(3, [[0], 1, 1]),
  shippedEntry(3, [[0], 2, 1], true),
  shippedEntry(3, [[0, 1], 1, 0]),
  shippedEntry(3, [[0, 1], 1, 1], true),
  ...[2, 3].map((size): Entry => ({
    name: `3pc ${size} no failures`,
    about: `${size} members; nothing fails, all vote yes: AC4.`,
    bounds: NO_BOUNDS,
    expected: 'exhausted',
    isLarge: false,
    model: () => modelOf({ ...shippedWith(size, 0), failures: false }),
  })),
];

/** A variation of what ships, which must not agree. */
function variation<Surrogate>(
  name: string,
  about: string,
  runsMax: number,
  scenario: Scenario<Surrogate>,
): Entry {
  return {
    name,
    about,
    bounds: bounds(scenario.electionsMax, scenario.seats.length, runsMax),
    expected: 'found',
    isLarge: false,
    model: () => modelOf({ ...scenario, checks: 'agreement' }),
  };
}

export const counterExamples: readonly Entry[] = [
  variation('3pc naive', 'Timeouts decide: ready aborts, pre-committed commits.', 0, {
    ...shippedWith(3, 0),
    participants: (options) => ({ ...ballotParticipant(options), ownActs: timeoutsDecide }),
  }),
  variation('3pc skeen', 'Who is silent is taken for crashed: TR1 to TR4.', 1, {
    ...shippedWith(3, 0),
    seats: [0, 1],
    coordinator: skeenCoordinator,
    participants: (options) => ballotParticipant({ ...options, obey: skeenObey }),
    surrogates: skeenSurrogate(branchesOf(3), 1),
  }),
];

function mutant(
  name: string,
  about: string,
  [seats, runsMax]: readonly [readonly number[], number],
  change: (shipped: Scenario<Surrogate>) => Partial<Scenario<Surrogate>>,
): Entry {
  const shipped: Scenario<Surrogate> = { ...shippedWith(3, runsMax), seats };
  return variation(`mutant 3pc ${name}`, about, runsMax, { ...shipped, ...change(shipped) });
}

export const threePhaseMutants: readonly Entry[] = [
  mutant('sends first', 'Pre-commit goes out before it is appended.', [[0], 1], () => ({
    coordinator: sendsFirst,
  })),
  mutant('coordinator decides by one', 'It commits at the first pre-commit.', [[0], 1], () => ({
    coordinator: coordinatorDecidesByOne,
  })),
  mutant('decides by one', 'A surrogate decides as one has obeyed.', [[0, 1], 1], (shipped) => ({
    surrogates: decidesByOne(shipped.surrogates),
  })),
  mutant('elected by one', 'A surrogate chooses as one has promised.', [[0, 1], 1], (shipped) => ({
    surrogates: electedByOne(shipped.surrogates),
  })),
  mutant('any pre-commit', 'Any pre-commit ever seen is carried on.', [[0, 1], 1], (shipped) => ({
    surrogates: anyPreCommitCommits(shipped.surrogates),
  })),
  mutant('older ballots', 'A member obeys below its promise.', [[0, 1], 1], () => ({
    participants: (options) => ({
      ...ballotParticipant({ ...options, obey: obeysOlderBallots }),
      isDeafTo: isDeafOnceDecided,
    }),
  })),
  mutant('others first', 'A surrogate elects others before itself.', [[0], 2], (shipped) => ({
    surrogates: promisesToOthersFirst(shipped.surrogates),
  })),
];
