// Quorum 3PC as a model: the coordinator, participants and surrogates that ship.
//
// Bounds: a surrogate stands in at most so often, and the coordinator elects again at most so
// often. Within them everything is looked at. Beside the rules of atomicity.ts there are
//
//   ONE   no two members have obeyed different attempts at the same ballot
//   NB    non-blocking: while the coordinator is gone for good, and one more of three members with
//         it, a quorum that knows of the transaction decides it
import type { BranchId, Decision, Summary } from '@concordat/protocols';
import { callKey, callsOf, isFinal, unreachable } from '@concordat/protocols';
import type { Decider, Reading } from './atomicity.js';
import {
  commitWithoutVote,
  contradictoryEnds,
  disagreement,
  notCommitted,
  reopened,
  reversal,
  stuck,
  takenBack,
  withOpened,
} from './atomicity.js';
import type { Stood } from './ballot-participant.js';
import { Convergence } from './convergence.js';
import { describeSummary } from './labels.js';
import { essenceOfMembers } from './shipped-surrogate.js';
import type { ThreePhaseState } from './three-phase-state.js';
import { Survivors } from './survivors.js';
import type {
  CoordinatorRules,
  ParticipantRules,
  Parts,
  Rules,
  SurrogateRules,
  View,
} from './parts.js';

export interface ThreePhaseCast<Surrogate> {
  readonly branches: readonly BranchId[];
  readonly coordinator: CoordinatorRules;
  readonly participants: ParticipantRules<Stood>;
  readonly surrogates: SurrogateRules<Stood, Surrogate>;
  /** The places on the roster from which surrogates stand in. */
  readonly seats: readonly number[];
  /** AC4: nothing fails, and everybody votes yes. */
  readonly mustCommit: boolean;
  /** Of a variation, only whether all agree: AC1, AC2, AC3. */
  readonly checks: 'everything' | 'agreement';
  readonly messagesMax: number;
}

export function threePhaseParts<Surrogate>(
  cast: ThreePhaseCast<Surrogate>,
): Parts<Stood, Surrogate> {
  const { checks } = cast;
  return { ...cast, rules: checks === 'agreement' ? agreementRules(cast) : threePhaseRules(cast) };
}

/** The same coordinator, which elects at most `electionsMax` times. */
export function boundedElections(
  coordinator: CoordinatorRules,
  electionsMax: number,
): CoordinatorRules {
  return {
    ...coordinator,
    // Participants of 3PC do not look at tokens: one version says as much as many.
    advance: (before, event) => coordinator.advance(before, event, before.version),
    remember: (before, next) => {
      const calls = callsOf(next);
      const history = withOpened(before, calls.map(callKey));
      const ballots = history.filter((key) => key.startsWith('elect@')).map(ballotOf);
      return new Set(ballots).size > electionsMax ? undefined : history;
    },
    essenceOf: (transaction) => {
      const { current } = transaction;
      if (current.protocol !== '3pc') return transaction;
      return { ...transaction, current: { ...current, state: essenceOf(current.state) } };
    },
  };
}

/** How members stood counts in an election only; who is to be told the decision is told alike. */
function essenceOf(state: ThreePhaseState): ThreePhaseState {
  switch (state.phase) {
    case 'electing':
    case 'pre-committing':
    case 'pre-aborting':
      return { ...state, members: essenceOfMembers(state) };
    case 'committing':
    case 'aborting': {
      const told: readonly string[] = ['enlisted', 'pre-committed', 'pre-aborted'];
      const branches = state.branches.map((branch) =>
        told.includes(branch.state) ? { ...branch, state: 'prepared' as const } : branch,
      );
      return { ...state, branches };
    }
    case 'active':
    case 'voting':
    case 'ended':
      return state;
    default:
      return unreachable(state);
  }
}

function ballotOf(key: string): string {
  return key.split(':', 1)[0] ?? '';
}

const reading: Reading<Stood> = {
  decisionOf: (standing) => {
    if (standing === null || !isFinal(standing)) return 'undecided';
    return standing.state === 'committed' ? 'commit' : 'rollback';
  },
  hasVotedYes: (standing) => standing !== null && standing.state !== 'aborted',
};

function agreementRules<Surrogate>(cast: ThreePhaseCast<Surrogate>): Rules<Stood, Surrogate> {
  const { branches, coordinator, surrogates, seats } = cast;
  const durable = (view: View<Stood, Surrogate>): readonly Decider[] => [
    { who: 'the coordinator', decision: decisionIn(view, coordinator) },
    ...view.participants.map((one, i) => ({
      who: branches[i] ?? '',
      decision: reading.decisionOf(one),
    })),
  ];
  // A surrogate decides by what it knows; it may be forgotten, and begin again.
  const all = (view: View<Stood, Surrogate>): readonly Decider[] => [
    ...durable(view),
    ...view.seats.map(({ surrogate }, i) => ({
      who: `${branches[seats[i] ?? 0] ?? ''}, standing in,`,
      decision: surrogate === null ? ('undecided' as const) : surrogates.decisionOf(surrogate),
    })),
  ];
  return {
    faultOf: (view) => {
      const deciders = all(view);
      const standingOf = (branch: BranchId): Stood =>
        view.participants[branches.indexOf(branch)] ?? null;
      return (
        disagreement(deciders) ??
        commitWithoutVote(deciders, branches, standingOf, reading) ??
        splitBallot(view.participants)
      );
    },
    faultOfStep: (before, after) => reversal(durable(before), durable(after)),
    faultOfLast: () => undefined,
  };
}

function threePhaseRules<Surrogate>(cast: ThreePhaseCast<Surrogate>): Rules<Stood, Surrogate> {
  const { branches, coordinator, participants, surrogates } = cast;
  const agreement = agreementRules(cast);
  const convergence = new Convergence(coordinator, participants, faultOfEnd);
  const survivors = new Survivors(branches, participants, surrogates);
  return {
    faultOf: (view) =>
      agreement.faultOf(view) ??
      contradictoryEnds(view.ends) ??
      view.ends.map((end) => faultOfEnd(end, view.participants)).find((fault) => fault) ??
      convergence.faultOf(view) ??
      survivors.faultOf(view.participants),
    faultOfStep: (before, after) =>
      agreement.faultOfStep(before, after) ??
      takenBack(before.ends, after.ends) ??
      reopened(before.coordinator, after.coordinator),
    faultOfLast: (view) =>
      cast.mustCommit ? (stuck(view, coordinator) ?? notCommitted(view)) : undefined,
  };
}

/** ONE. */
function splitBallot(participants: readonly Stood[]): string | undefined {
  for (const one of participants) {
    if (one?.state !== 'pre-committed') continue;
    const ballot = one.lastAttempt;
    const isSplit = participants.some(
      (other) => other?.state === 'pre-aborted' && other.lastAttempt === ballot,
    );
    if (isSplit) return `ONE: at ballot ${ballot} one is pre-committed, and another pre-aborted`;
  }
  return undefined;
}

function decisionIn({ coordinator }: View<Stood, unknown>, rules: CoordinatorRules): Decision {
  return rules.summaryOf(coordinator.transaction).decision;
}

/** TOLD. Everybody knows the decision, and it is the one that was told; who refused does too. */
function faultOfEnd(end: Summary, participants: readonly Stood[]): string | undefined {
  const wanted = end.outcome === 'committed' ? 'committed' : 'aborted';
  const plain = end.outcome === 'committed' || end.outcome === 'rolled-back';
  if (plain && participants.every((one) => one?.state === wanted)) return undefined;
  const states = participants.map((one) => one?.state ?? 'has not voted').join(' ');
  return `TOLD: it ended ${describeSummary(end)}, and the participants are ${states}`;
}
