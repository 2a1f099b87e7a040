// Try-Confirm/Cancel (Pardon & Pautasso 2011; Helland 2007 on reservations).
//
//             commit asked, or driven
//   active ────────────────────────────▶ trying ──every try done──▶ confirming ──every ack──▶ ended
//     │                                    │                                                    ▲
//     └──rollback asked, the deadline──────┴──a refusal, too many──▶ cancelling ──every ack─────┘
//                                             attempts, likewise
//
// The shape of 2PC, but what a `try` holds is the participant's own business data, not a lock of
// its database: others see the reservation, and only `confirm` or `cancel` settles it.
//
// C1. The decision is taken once: confirming and cancelling never reach each other.
// C2. `confirm` is outstanding only in `confirming`, hence only after that state is durable, and
//     that is reached only if every try was done.
// C3. A refused try has reserved nothing: its branch is never called again.
// C4. Every other branch is cancelled: tried, in doubt, or never tried. A cancel without a try is
//     legal (empty), and it keeps out a try that arrives after it.
// C5. `confirm` and `cancel` are orders: no deadline and no number of attempts ends them.
import type { Branches } from './branches.js';
import { calls, joining, some, withState } from './branches.js';
import { isLate } from './late-reply.js';
import type { Beginning, BranchPlan, Event, Machine, Outstanding, Summary } from './machine.js';
import type { Acknowledged } from './outcome.js';
import { isAcknowledged, outcomeOf } from './outcome.js';
import type { BranchId, Decision, Instant, Outcome } from './vocabulary.js';
import { unreachable } from './vocabulary.js';

type TccBranches = Branches<'enlisted' | 'tried' | 'refused' | Acknowledged>;

interface Undecided {
  readonly phase: 'active' | 'trying';
  readonly branches: TccBranches;
  readonly deadline: Instant;
}

interface Decided {
  readonly phase: 'confirming' | 'cancelling';
  readonly branches: TccBranches;
}

interface Ended {
  readonly phase: 'ended';
  readonly branches: TccBranches;
  readonly outcome: Outcome;
  readonly decision: Decision;
}

export type TccState = Undecided | Decided | Ended;

export const tcc: Machine<TccState> = { begin, apply, outstanding, summarize };

function begin({ branches, deadline, driven }: Beginning): TccState {
  const active = enlist({ phase: 'active', branches: [], deadline }, branches);
  return driven ? tryAll(active) : active;
}

function apply(state: TccState, event: Event): TccState {
  if (isLate(outstanding(state), event)) return state;
  switch (event.type) {
    case 'enlisted':
      return state.phase === 'active' ? enlist(state, event.branches) : state;
    case 'commit-requested':
      return state.phase === 'active' ? tryAll(state) : state;
    case 'rollback-requested':
      return isUndecided(state) ? cancel(state.branches) : state;
    case 'replied':
      return onReplied(state, event.call.branch, event.reply.type);
    case 'exhausted':
      return isUndecided(state) ? cancel(state.branches) : state; // C4
    case 'woken':
      return isUndecided(state) && event.at >= state.deadline ? cancel(state.branches) : state;
    default:
      return unreachable(event);
  }
}

function outstanding(state: TccState): Outstanding {
  switch (state.phase) {
    case 'active':
      return { calls: [], wakeAt: state.deadline };
    case 'trying':
      return { calls: calls('try', state.branches, 'enlisted'), wakeAt: state.deadline };
    case 'confirming':
      return { calls: calls('confirm', state.branches, 'tried') };
    case 'cancelling':
      return { calls: calls('cancel', state.branches, 'tried', 'enlisted') };
    case 'ended':
      return { calls: [] };
    default:
      return unreachable(state);
  }
}

function summarize(state: TccState): Summary {
  return {
    phase: state.phase,
    decision: decisionOf(state),
    outcome: state.phase === 'ended' ? state.outcome : undefined,
    branches: state.branches,
  };
}

function decisionOf(state: TccState): Decision {
  switch (state.phase) {
    case 'active':
    case 'trying':
      return 'undecided';
    case 'confirming':
      return 'commit';
    case 'cancelling':
      return 'rollback';
    case 'ended':
      return state.decision;
    default:
      return unreachable(state);
  }
}

function isUndecided(state: TccState): state is Undecided {
  return state.phase === 'active' || state.phase === 'trying';
}

function enlist(state: Undecided, plans: readonly BranchPlan[]): Undecided {
  const fresh = joining(state.branches, plans);
  if (fresh.length === 0) return state;
  const joined = fresh.map(({ id }) => ({ id, state: 'enlisted' as const }));
  return { ...state, branches: [...state.branches, ...joined] };
}

function tryAll(state: Undecided): TccState {
  return decideOnTries({ ...state, phase: 'trying' });
}

function onReplied(state: TccState, branch: BranchId, reply: string): TccState {
  switch (state.phase) {
    case 'trying':
      if (reply !== 'tried' && reply !== 'refused') return state;
      return decideOnTries({ ...state, branches: withState(state.branches, branch, reply) });
    case 'confirming':
    case 'cancelling':
      if (!isAcknowledged(reply)) return state;
      return endIfSettled({ ...state, branches: withState(state.branches, branch, reply) });
    case 'active':
    case 'ended':
      return state;
    default:
      return unreachable(state);
  }
}

function decideOnTries(state: Undecided): TccState {
  if (some(state.branches, 'refused')) return cancel(state.branches);
  if (some(state.branches, 'enlisted')) return state;
  return endIfSettled({ phase: 'confirming', branches: state.branches });
}

function cancel(branches: TccBranches): TccState {
  return endIfSettled({ phase: 'cancelling', branches });
}

/** Ends the transaction if nothing is outstanding; otherwise leaves it as it is. */
function endIfSettled(state: Decided): TccState {
  if (outstanding(state).calls.length > 0) return state;
  const decision = state.phase === 'confirming' ? 'commit' : 'rollback';
  const outcome = outcomeOf(decision, state.branches);
  return { phase: 'ended', branches: state.branches, outcome, decision };
}
