// Sagas in the catalogue.
import type { BranchId, BranchPlan } from '@concordat/protocols';
import { barrierParticipant } from '../barrier-participant.js';
import { plan, shippedCoordinator } from '../coordinator.js';
import type { Model } from '../explore.js';
import { sagaParts } from '../saga-model.js';
import { System } from '../system.js';
import type { Entry } from './entry.js';
import { NO_BOUNDS } from './entry.js';

interface Scenario {
  readonly plans: readonly BranchPlan[];
  readonly failures: boolean;
  readonly heuristics: boolean;
}

function step(id: string, after: readonly string[], pivot = false): BranchPlan {
  return plan(id, { dependsOn: after as readonly BranchId[], pivot });
}

function entry(name: string, about: string, scenario: Scenario): Entry {
  const { plans, failures, heuristics } = scenario;
  const model = (): Model =>
    new System(
      sagaParts({
        plans,
        coordinator: shippedCoordinator({ ...scenario, protocol: 'saga', begins: ['driven'] }),
        participants: barrierParticipant({
          mayRefuse: failures,
          mayBeReadOnly: false,
          heuristics: heuristics ? ['completed'] : [],
        }),
        mustCommit: !failures,
      }),
    );
  return { name, about, bounds: NO_BOUNDS, expected: 'exhausted', isLarge: false, model };
}

const graphs = [
  ['2 chain', 'b after a', [step('a', []), step('b', ['a'])]],
  ['2 parallel', 'a and b side by side', [step('a', []), step('b', [])]],
  ['2 pivot', 'b after a, which is the pivot', [step('a', [], true), step('b', ['a'])]],
  ['3 chain', 'c after b after a', [step('a', []), step('b', ['a']), step('c', ['b'])]],
  ['3 join', 'c after a and b', [step('a', []), step('b', []), step('c', ['a', 'b'])]],
  [
    '3 pivot',
    'c after the pivot b after a',
    [step('a', []), step('b', ['a'], true), step('c', ['b'])],
  ],
  [
    '3 parallel pivot',
    'the pivot b beside a, then c',
    [step('a', []), step('b', [], true), step('c', ['b'])],
  ],
] as const;

export const sagaEntries: readonly Entry[] = graphs.flatMap(([shape, what, plans]) => [
  entry(`saga ${shape}`, `${what}; everything that can fail fails.`, {
    plans,
    failures: true,
    heuristics: false,
  }),
  entry(`saga ${shape} final`, `${what}; and steps may be made final by hand.`, {
    plans,
    failures: true,
    heuristics: true,
  }),
  entry(`saga ${shape} no failures`, `${what}; nothing fails: AC4.`, {
    plans,
    failures: false,
    heuristics: false,
  }),
]);
