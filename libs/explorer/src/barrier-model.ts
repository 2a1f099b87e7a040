// 2PC and TCC, with participants behind the barrier, as models.
import type { BranchId, Decision, Outcome, Summary } from '@concordat/protocols';
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
} from './atomicity.js';
import type { Row } from './barrier-participant.js';
import { Convergence } from './convergence.js';
import { describeSummary } from './labels.js';
import type { CoordinatorRules, ParticipantRules, Parts, Rules, View } from './parts.js';

type BarrierView = View<Row, never>;

export interface BarrierCast {
  readonly branches: readonly BranchId[];
  readonly coordinator: CoordinatorRules;
  readonly participants: ParticipantRules<Row>;
  /** May participants act by themselves? Then they may disagree, but the outcome must say so. */
  readonly heuristics: boolean;
  /** AC4: nothing fails, and everybody votes yes. */
  readonly mustCommit: boolean;
}

/** The cast under the rules of atomic commitment. */
export function atomicParts(cast: BarrierCast): Parts<Row, never> {
  const { branches, coordinator, participants } = cast;
  return {
    branches,
    coordinator,
    participants,
    surrogates: undefined,
    seats: [],
    messagesMax: 256,
    rules: atomicRules(cast),
  };
}

const reading: Reading<Row> = {
  decisionOf: ({ work, reply }) => {
    if (work === 'completed') return 'commit';
    return work === 'undone' || reply?.type === 'refused' ? 'rollback' : 'undecided';
  },
  hasVotedYes: ({ work }) => work === 'done' || work === 'read-only' || work === 'completed',
};

function atomicRules(cast: BarrierCast): Rules<Row, never> {
  const { branches, coordinator, heuristics } = cast;
  const convergence = new Convergence(coordinator, cast.participants, faultOfEnd);
  const deciders = (view: BarrierView): readonly Decider[] => [
    { who: 'the coordinator', decision: decisionIn(view, coordinator) },
    ...view.participants.map((row, i) => ({
      who: branches[i] ?? '',
      decision: reading.decisionOf(row),
    })),
  ];
  const faultOfDeciders = (view: BarrierView): string | undefined => {
    if (heuristics) return undefined;
    const enlisted = coordinator.summaryOf(view.coordinator.transaction).branches;
    const standingOf = (branch: BranchId): Row => rowOf(view, branches.indexOf(branch));
    return (
      disagreement(deciders(view)) ??
      commitWithoutVote(
        deciders(view),
        enlisted.map(({ id }) => id),
        standingOf,
        reading,
      )
    );
  };
  return {
    faultOf: (view) =>
      faultOfDeciders(view) ??
      contradictoryEnds(view.ends) ??
      view.ends.map((end) => faultOfEnd(end, view.participants)).find((fault) => fault) ??
      convergence.faultOf(view),
    faultOfStep: (before, after) =>
      reversal(deciders(before), deciders(after)) ??
      takenBack(before.ends, after.ends) ??
      reopened(before.coordinator, after.coordinator),
    faultOfLast: (view) =>
      stuck(view, coordinator) ?? (cast.mustCommit ? notCommitted(view) : undefined),
  };
}

function decisionIn({ coordinator }: BarrierView, { summaryOf }: CoordinatorRules): Decision {
  return summaryOf(coordinator.transaction).decision;
}

function rowOf({ participants }: BarrierView, i: number): Row {
  const row = participants[i];
  if (row === undefined) throw new RangeError('a branch has a participant');
  return row;
}

/** How many branches ended in which way. */
interface Tally {
  readonly committed: number;
  readonly rolledBack: number;
  /** They had nothing to commit: both are true of them. */
  readonly readOnly: number;
}

/** TOLD: what an outcome says of the branches. */
const truths: { readonly [O in Outcome]: (tally: Tally) => boolean } = {
  committed: ({ rolledBack }) => rolledBack === 0,
  'rolled-back': ({ committed }) => committed === 0,
  'partly-compensated': () => false,
  'heuristic-commit': ({ rolledBack }) => rolledBack === 0,
  'heuristic-rollback': ({ committed }) => committed === 0,
  'heuristic-mixed': ({ committed, rolledBack, readOnly }) =>
    committed > 0 && rolledBack + readOnly > 0,
  'heuristic-hazard': () => false,
};

/** TOLD. Nobody is in doubt any more, and the outcome is true. */
function faultOfEnd(end: Summary, participants: readonly Row[]): string | undefined {
  const rows = participants.slice(0, end.branches.length);
  const count = (...works: readonly Row['work'][]): number =>
    rows.filter(({ work }) => works.includes(work)).length;
  const isTrue =
    end.outcome !== undefined &&
    count('done') === 0 &&
    truths[end.outcome]({
      committed: count('completed'),
      rolledBack: count('undone', 'none'),
      readOnly: count('read-only'),
    });
  if (isTrue) return undefined;
  const works = participants.map(({ work }) => work).join(' ');
  return `TOLD: it ended ${describeSummary(end)}, and the work of the branches is ${works}`;
}
