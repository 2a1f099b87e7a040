// Two-phase commit, presumed abort (Mohan, Lindsay & Obermarck 1986).
//
//   active ──commit asked, driven──▶ preparing ──every vote yes──▶ committing ──every ack──▶ ended
//     │                                  │                                                     ▲
//     └──rollback asked, deadline────────┴─a refusal, too many──▶ rolling-back ──every ack─────┤
//                                          attempts, likewise                                  │
//   a lone branch that can be asked for its outcome:  committing-one-phase ──its word──────────┘
//
// T1. The decision is taken once: committing and rolling-back never reach each other.
// T2. `commit` is outstanding only in `committing`, hence only after that state is durable.
// T3. A branch that refused or is read-only is never called again.
// T4. A branch in doubt is told to roll back: no answer is not a refusal, it may be prepared.
// T5. In one phase the decision is the participant's: once it was asked, only its word ends it.
// T6. No record means rollback: a participant asking about an unknown transaction is told so.
import type { Branches } from './branches.js';
import { calls, joining, some, withState } from './branches.js';
import { isLate } from './late-reply.js';
import type { Beginning, BranchPlan, Event, Machine, Outstanding, Summary } from './machine.js';
import type { Acknowledged } from './outcome.js';
import { isAcknowledged, outcomeOf } from './outcome.js';
import type { BranchId, Decision, Instant, Outcome } from './vocabulary.js';
import { unreachable } from './vocabulary.js';

type TwoPhaseBranchState = 'enlisted' | 'prepared' | 'read-only' | 'refused' | Acknowledged;
type TwoPhaseBranches = Branches<TwoPhaseBranchState>;

interface Active {
  readonly phase: 'active';
  readonly branches: TwoPhaseBranches;
  readonly deadline: Instant;
  /** The branches whose participants can be asked for their outcome. */
  readonly onePhase: readonly BranchId[];
}

interface Preparing {
  readonly phase: 'preparing';
  readonly branches: TwoPhaseBranches;
  readonly deadline: Instant;
}

interface CommittingOnePhase {
  readonly phase: 'committing-one-phase';
  readonly branches: TwoPhaseBranches;
}

interface Decided {
  readonly phase: 'committing' | 'rolling-back';
  readonly branches: TwoPhaseBranches;
}

interface Ended {
  readonly phase: 'ended';
  readonly branches: TwoPhaseBranches;
  readonly outcome: Outcome;
  readonly decision: Decision;
}

export type TwoPhaseState = Active | Preparing | CommittingOnePhase | Decided | Ended;

export const twoPhaseCommit: Machine<TwoPhaseState> = { begin, apply, outstanding, summarize };

function begin({ branches, deadline, driven }: Beginning): TwoPhaseState {
  const active = enlist({ phase: 'active', branches: [], deadline, onePhase: [] }, branches);
  return driven ? prepare(active) : active;
}

function apply(state: TwoPhaseState, event: Event): TwoPhaseState {
  if (isLate(outstanding(state), event)) return state;
  switch (event.type) {
    case 'enlisted':
      return state.phase === 'active' ? enlist(state, event.branches) : state;
    case 'commit-requested':
      return state.phase === 'active' ? prepare(state) : state;
    case 'rollback-requested':
      return isUndecided(state) ? rollBack(state.branches) : state;
    case 'replied':
      return onReplied(state, event.call.branch, event.reply.type);
    case 'exhausted':
      return state.phase === 'preparing' ? rollBack(state.branches) : state; // T4
    case 'woken':
      return isUndecided(state) && event.at >= state.deadline ? rollBack(state.branches) : state;
    default:
      return unreachable(event);
  }
}

function outstanding(state: TwoPhaseState): Outstanding {
  switch (state.phase) {
    case 'active':
      return { calls: [], wakeAt: state.deadline };
    case 'preparing':
      return { calls: calls('prepare', state.branches, 'enlisted'), wakeAt: state.deadline };
    case 'committing-one-phase':
      return { calls: calls('commit-one-phase', state.branches, 'enlisted') };
    case 'committing':
      return { calls: calls('commit', state.branches, 'prepared') };
    case 'rolling-back':
      return { calls: calls('rollback', state.branches, 'prepared', 'enlisted') };
    case 'ended':
      return { calls: [] };
    default:
      return unreachable(state);
  }
}

function summarize(state: TwoPhaseState): Summary {
  return {
    phase: state.phase,
    decision: decisionOf(state),
    outcome: state.phase === 'ended' ? state.outcome : undefined,
    branches: state.branches,
  };
}

function decisionOf(state: TwoPhaseState): Decision {
  switch (state.phase) {
    case 'active':
    case 'preparing':
    case 'committing-one-phase':
      return 'undecided'; // T5
    case 'committing':
      return 'commit';
    case 'rolling-back':
      return 'rollback';
    case 'ended':
      return state.decision;
    default:
      return unreachable(state);
  }
}

function isUndecided(state: TwoPhaseState): state is Active | Preparing {
  return state.phase === 'active' || state.phase === 'preparing';
}

function enlist(state: Active, plans: readonly BranchPlan[]): Active {
  const fresh = joining(state.branches, plans);
  if (fresh.length === 0) return state;
  const joined = fresh.map(({ id }) => ({ id, state: 'enlisted' as const }));
  return {
    ...state,
    branches: [...state.branches, ...joined],
    onePhase: [...state.onePhase, ...fresh.filter((plan) => plan.onePhase).map(({ id }) => id)],
  };
}

function prepare({ branches, deadline, onePhase }: Active): TwoPhaseState {
  const only = branches.length === 1 ? branches[0] : undefined;
  if (only !== undefined && onePhase.includes(only.id)) {
    return { phase: 'committing-one-phase', branches };
  }
  return decideOnVotes({ phase: 'preparing', branches, deadline });
}

function onReplied(state: TwoPhaseState, branch: BranchId, reply: string): TwoPhaseState {
  switch (state.phase) {
    case 'preparing':
      if (reply !== 'prepared' && reply !== 'read-only' && reply !== 'refused') return state;
      return decideOnVotes({ ...state, branches: withState(state.branches, branch, reply) });
    case 'committing-one-phase':
      return onOnePhaseReply(state, branch, reply);
    case 'committing':
    case 'rolling-back':
      if (!isAcknowledged(reply)) return state;
      return endIfSettled({ ...state, branches: withState(state.branches, branch, reply) });
    case 'active':
    case 'ended':
      return state;
    default:
      return unreachable(state);
  }
}

/** T5: the one participant has decided; a refusal is its rollback. */
function onOnePhaseReply(
  state: CommittingOnePhase,
  branch: BranchId,
  reply: string,
): TwoPhaseState {
  if (reply !== 'refused' && !isAcknowledged(reply)) return state;
  const branches = withState(state.branches, branch, reply);
  if (reply === 'refused') {
    return { phase: 'ended', branches, outcome: 'rolled-back', decision: 'rollback' };
  }
  return endIfSettled({ phase: 'committing', branches });
}

function decideOnVotes(state: Preparing): TwoPhaseState {
  if (some(state.branches, 'refused')) return rollBack(state.branches);
  if (some(state.branches, 'enlisted')) return state;
  return endIfSettled({ phase: 'committing', branches: state.branches });
}

function rollBack(branches: TwoPhaseBranches): TwoPhaseState {
  return endIfSettled({ phase: 'rolling-back', branches });
}

/** Ends the transaction if nothing is outstanding; otherwise leaves it as it is. */
function endIfSettled(state: Decided): TwoPhaseState {
  if (outstanding(state).calls.length > 0) return state;
  const decision = state.phase === 'committing' ? 'commit' : 'rollback';
  const outcome = outcomeOf(decision, state.branches);
  return { phase: 'ended', branches: state.branches, outcome, decision };
}
