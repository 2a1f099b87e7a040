// Saga, with participants behind the barrier, as a model.
//
// A saga is not atomic: others see its steps one by one. What is asked of it instead, beside AC2,
// AC5, TOLD and OPEN of atomicity.ts; S2 to S5 are those of libs/protocols/src/saga.ts:
//
//   S2   the pivot is asked once everything that does not come after it is done
//   S3   nothing is compensated once the pivot is done
//   S4   only a step whose turn had come is compensated: all that it depends on is done
//   S5   a step is compensated after everything that was built upon it
//
// A step whose turn had come need not have been asked. If it comes and the saga turns back in one
// append, `execute` is never sent and `compensate` is: an empty one, which is legal. The machine
// cannot tell, for what is appended is not its business.
import type { BranchId, BranchPlan, Summary } from '@concordat/protocols';
import {
  contradictoryEnds,
  notCommitted,
  reopened,
  reversal,
  stuck,
  takenBack,
} from './atomicity.js';
import type { Decider } from './atomicity.js';
import type { Row } from './barrier-participant.js';
import { Convergence } from './convergence.js';
import { describeSummary } from './labels.js';
import type { CoordinatorRules, ParticipantRules, Parts, Rules, View } from './parts.js';

type SagaView = View<Row, never>;

export interface SagaCast {
  readonly plans: readonly BranchPlan[];
  readonly coordinator: CoordinatorRules;
  readonly participants: ParticipantRules<Row>;
  /** AC4: nothing fails, and every step can be done. */
  readonly mustCommit: boolean;
}

export function sagaParts(cast: SagaCast): Parts<Row, never> {
  return {
    branches: cast.plans.map(({ id }) => id),
    coordinator: cast.coordinator,
    participants: cast.participants,
    surrogates: undefined,
    seats: [],
    messagesMax: 256,
    rules: sagaRules(cast),
  };
}

function sagaRules({ plans, coordinator, participants, mustCommit }: SagaCast): Rules<Row, never> {
  const convergence = new Convergence(coordinator, participants, faultOfEnd);
  const deciders = ({ coordinator: { transaction } }: SagaView): readonly Decider[] => [
    { who: 'the coordinator', decision: coordinator.summaryOf(transaction).decision },
  ];
  return {
    faultOf: (view) =>
      compensatedBeyondPivot(plans, view) ??
      builtUponNothing(plans, view) ??
      contradictoryEnds(view.ends) ??
      view.ends.map((end) => faultOfEnd(end, view.participants)).find((fault) => fault) ??
      convergence.faultOf(view),
    faultOfStep: (before, after) =>
      reversal(deciders(before), deciders(after)) ??
      takenBack(before.ends, after.ends) ??
      reopened(before.coordinator, after.coordinator) ??
      pivotTooSoon(plans, before, after) ??
      compensatedTooSoon(plans, before, after),
    faultOfLast: (view) =>
      stuck(view, coordinator) ?? (mustCommit ? notCommitted(view) : undefined),
  };
}

/** S2. */
function pivotTooSoon(
  plans: readonly BranchPlan[],
  before: SagaView,
  after: SagaView,
): string | undefined {
  const pivot = plans.find((plan) => plan.pivot);
  if (pivot === undefined || wasAsked(before, `execute:${pivot.id}`)) return undefined;
  if (!wasAsked(after, `execute:${pivot.id}`)) return undefined;
  const later = dependentsOf(plans, pivot.id);
  const undone = plans.find(
    ({ id }) => id !== pivot.id && !later.has(id) && !hasHappened(workOf(plans, after, id)),
  );
  return undone && `S2: the pivot ${pivot.id} is asked, and ${undone.id} is not done`;
}

/** S3. */
function compensatedBeyondPivot(plans: readonly BranchPlan[], view: SagaView): string | undefined {
  const pivotDone = plans.some(({ pivot, id }) => pivot && hasHappened(workOf(plans, view, id)));
  if (!pivotDone) return undefined;
  const asked = plans.find(({ id }) => wasAsked(view, `compensate:${id}`));
  return asked && `S3: the pivot is done, and ${asked.id} is compensated`;
}

/** S4. */
function compensatedTooSoon(
  plans: readonly BranchPlan[],
  before: SagaView,
  after: SagaView,
): string | undefined {
  for (const { id, dependsOn } of plans) {
    const key = `compensate:${id}`;
    if (wasAsked(before, key) || !wasAsked(after, key)) continue;
    const missing = dependsOn.find((on) => !hasHappened(workOf(plans, after, on)));
    if (missing !== undefined) return `S4: ${id} is compensated, and ${missing} was not done`;
  }
  return undefined;
}

/** S5. */
function builtUponNothing(plans: readonly BranchPlan[], view: SagaView): string | undefined {
  for (const { id, dependsOn } of plans) {
    if (workOf(plans, view, id) !== 'done') continue;
    const gone = dependsOn.find((on) => workOf(plans, view, on) === 'undone');
    if (gone !== undefined) return `S5: ${gone} is compensated, and ${id}, built upon it, is done`;
  }
  return undefined;
}

/** TOLD. Everything is done, or nothing that could be compensated is left. */
function faultOfEnd(end: Summary, participants: readonly Row[]): string | undefined {
  const works = new Set(participants.map(({ work }) => work));
  const isTrue = {
    committed: [...works].every(hasHappened),
    'rolled-back': !works.has('done') && !works.has('completed'),
    // Somebody has made a step final by hand, and says so; the rest is compensated all the same.
    'partly-compensated': !works.has('done') && works.has('completed'),
  };
  const { outcome = '' } = end;
  if (Object.entries(isTrue).some(([name, is]) => name === outcome && is)) return undefined;
  const all = participants.map(({ work }) => work).join(' ');
  return `TOLD: it ended ${describeSummary(end)}, and the work of the steps is ${all}`;
}

/** Done; or, besides, made final by hand. */
function hasHappened(work: Row['work'] | undefined): boolean {
  return work === 'done' || work === 'completed';
}

function workOf(
  plans: readonly BranchPlan[],
  { participants }: SagaView,
  branch: BranchId,
): Row['work'] | undefined {
  return participants[plans.findIndex(({ id }) => id === branch)]?.work;
}

function wasAsked({ coordinator }: SagaView, key: string): boolean {
  return coordinator.history.includes(key);
}

/** Every step that comes after `first`, however far. */
function dependentsOf(plans: readonly BranchPlan[], first: BranchId): ReadonlySet<BranchId> {
  const found = new Set<BranchId>();
  const reached = [first];
  for (const branch of reached) {
    for (const { id, dependsOn } of plans) {
      if (!dependsOn.includes(branch) || found.has(id)) continue;
      found.add(id);
      reached.push(id);
    }
  }
  return found;
}
