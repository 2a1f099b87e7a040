// 2PC and TCC in the catalogue.
import type { BranchPlan } from '@concordat/protocols';
import { atomicParts } from '../barrier-model.js';
import type { BarrierOptions, Row } from '../barrier-participant.js';
import { barrierParticipant } from '../barrier-participant.js';
import type { Begins } from '../coordinator.js';
import { plan, shippedCoordinator } from '../coordinator.js';
import type { Model } from '../explore.js';
import type { CoordinatorRules, ParticipantRules } from '../parts.js';
import { System } from '../system.js';
import { forgetsTombstones, sendsFirst, takesSilenceForNo } from '../variants/mutants.js';
import type { Entry } from './entry.js';
import { NO_BOUNDS, plans } from './entry.js';

interface Scenario {
  readonly protocol: '2pc' | 'tcc';
  readonly plans: readonly BranchPlan[];
  readonly begins: readonly Begins[];
  readonly failures: boolean;
  readonly heuristics: boolean;
  /** What ships, or a mutant of it. */
  readonly coordinator: (shipped: CoordinatorRules) => CoordinatorRules;
  readonly participants: (options: BarrierOptions) => ParticipantRules<Row>;
}

const shipped = {
  begins: ['driven'],
  failures: true,
  heuristics: false,
  coordinator: (rules: CoordinatorRules) => rules,
  participants: barrierParticipant,
} as const;

function modelOf(scenario: Scenario): Model {
  const { protocol, failures, heuristics } = scenario;
  return new System(
    atomicParts({
      branches: scenario.plans.map(({ id }) => id),
      coordinator: scenario.coordinator(shippedCoordinator(scenario)),
      participants: scenario.participants({
        mayRefuse: failures,
        mayBeReadOnly: protocol === '2pc' && failures,
        heuristics: heuristics ? ['completed', 'undone'] : [],
      }),
      heuristics,
      mustCommit: !failures,
    }),
  );
}

function entry(
  name: string,
  about: string,
  scenario: Scenario,
  expected: Entry['expected'] = 'exhausted',
): Entry {
  const model = (): Model => modelOf(scenario);
  return { name, about, bounds: NO_BOUNDS, expected, isLarge: false, model };
}

function protocolEntries(protocol: '2pc' | 'tcc'): readonly Entry[] {
  return [2, 3].flatMap((size) => {
    const common = { ...shipped, protocol, plans: plans(size) } as const;
    const name = `${protocol} ${size}`;
    return [
      entry(name, `${size} branches, and everything that can fail fails.`, {
        ...common,
        begins: ['driven', 'enlisting'],
      }),
      entry(`${name} heuristics`, `${size} branches in doubt may end by themselves.`, {
        ...common,
        heuristics: true,
      }),
      entry(`${name} no failures`, `${size} branches; nothing fails, all vote yes: AC4.`, {
        ...common,
        begins: ['driven', 'active'],
        failures: false,
      }),
    ];
  });
}

const two = { ...shipped, plans: plans(2) } as const;

export const atomicEntries: readonly Entry[] = [
  ...protocolEntries('2pc'),
  entry('2pc one-phase', 'A lone branch decides, and everything that can fail fails.', {
    ...shipped,
    protocol: '2pc',
    plans: [plan('a', { onePhase: true })],
    begins: ['driven', 'enlisting'],
  }),
  ...protocolEntries('tcc'),
];

export const atomicMutants: readonly Entry[] = [
  entry(
    'mutant 2pc sends first',
    'Calls go out before their version is appended.',
    { ...two, protocol: '2pc', coordinator: sendsFirst },
    'found',
  ),
  entry(
    'mutant 2pc silence is a no',
    'Who has not voted is not told to roll back.',
    { ...two, protocol: '2pc', coordinator: takesSilenceForNo },
    'found',
  ),
  entry(
    'mutant tcc no tombstones',
    'A cancel that comes before its try leaves nothing behind.',
    { ...two, protocol: 'tcc', participants: forgetsTombstones },
    'found',
  ),
];
