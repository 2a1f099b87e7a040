// Three-phase commit by quorum (Skeen 1982): the coordinator's side of E3PC (Keidar & Dolev 1998).
//
//             commit asked, or driven
//   active ────────────────────────────▶ voting ──every vote prepared──▶ balloting
//     │                                    │                              │     │
//     └──rollback asked, the deadline──────┤ a refusal, too many          │     │
//                                          │ attempts, likewise           ▼     ▼
//                                          └─────────────────────▶ aborting   committing
//                                                                     └──every ack──┴──▶ ended
//
//   balloting is one of pre-committing(b), electing(b) and pre-aborting(b): see balloting.ts.
//
// Every branch is a member of the roster, which travels with `can-commit`. Members that no longer
// hear the coordinator elect among themselves, by the same rules and at ballots of their own
// (three-phase-participant.ts, surrogate.ts).
//
// E1. The decision is taken once: committing and aborting never reach each other.
// E2. Until the first `pre-commit` may have been sent, the coordinator may abort alone: no member
//     can be pre-committed, so no quorum can have committed without it.
// E3. From then on it decides only as a quorum of the roster has obeyed, or as a member that has
//     decided already says (balloting.ts).
// E4. `do-commit` is outstanding only in `committing`, hence only after that state is durable; then
//     it goes to every member, pre-committed or not.
// E5. A branch that refused is never called again; every other one hears the decision, in doubt or
//     not, unless it was the one that told us.
// E6. The roster never shrinks. A read-only vote therefore counts as prepared: quorums of a smaller
//     roster need not meet those of the roster that the members were told.
//
// No timeout decides after `pre-commit`. A silent member may be dead, or may be electing with
// others on the far side of a partition: "the silent are dead, so commit" and "nobody calls, so
// abort" are both wrong there, for each side may decide its own way. So the deadline, a wish of the
// initiator and the number of attempts change nothing from `pre-committing` on.
//
// The price: with less than a quorum in reach, the transaction blocks, and its calls are
// outstanding until enough members are back. Three members survive the loss of one; two survive
// none. What is bought with it: the loss of the coordinator blocks nobody who can reach a quorum.
import type { Balloting, Member } from './balloting.js';
import { ballotCalls, firstBallot, hear } from './balloting.js';
import type { Branches } from './branches.js';
import { calls, joining, some, withState } from './branches.js';
import { isLate } from './late-reply.js';
import type {
  Beginning,
  BranchPlan,
  Call,
  Event,
  Machine,
  Outstanding,
  Reply,
  Summary,
} from './machine.js';
import type { Acknowledged } from './outcome.js';
import { isAcknowledged, outcomeOf } from './outcome.js';
import { ballotAbove, COORDINATOR } from './quorum.js';
import type { BranchId, Decision, Instant, Operation, Outcome } from './vocabulary.js';
import { unreachable } from './vocabulary.js';

type VoteState = 'enlisted' | 'prepared' | 'refused';
type DecidedState = VoteState | 'pre-committed' | 'pre-aborted' | Acknowledged;

interface Voting {
  readonly phase: 'active' | 'voting';
  readonly branches: Branches<VoteState>;
  readonly deadline: Instant;
}

interface Decided {
  readonly phase: 'committing' | 'aborting';
  readonly branches: Branches<DecidedState>;
}

interface Ended {
  readonly phase: 'ended';
  readonly branches: Branches<DecidedState>;
  readonly outcome: Outcome;
  readonly decision: Decision;
}

export type ThreePhaseState = Voting | Balloting | Decided | Ended;

export const threePhaseCommit: Machine<ThreePhaseState> = { begin, apply, outstanding, summarize };

function begin({ branches, deadline, driven }: Beginning): ThreePhaseState {
  const active = enlist({ phase: 'active', branches: [], deadline }, branches);
  return driven ? askForVotes(active) : active;
}

function apply(state: ThreePhaseState, event: Event): ThreePhaseState {
  if (isLate(outstanding(state), event)) return state;
  switch (event.type) {
    case 'enlisted':
      return state.phase === 'active' ? enlist(state, event.branches) : state;
    case 'commit-requested':
      return state.phase === 'active' ? askForVotes(state) : state;
    case 'rollback-requested':
    case 'exhausted':
      return isVoting(state) ? abort(state.branches) : state; // E2, E3
    case 'woken':
      return isVoting(state) && event.at >= state.deadline ? abort(state.branches) : state;
    case 'replied':
      return onReplied(state, event.call, event.reply);
    default:
      return unreachable(event);
  }
}

function outstanding(state: ThreePhaseState): Outstanding {
  switch (state.phase) {
    case 'active':
      return { calls: [], wakeAt: state.deadline };
    case 'voting':
      return { calls: calls('can-commit', state.branches, 'enlisted'), wakeAt: state.deadline };
    case 'pre-committing':
    case 'electing':
    case 'pre-aborting':
      return { calls: ballotCalls(state, true) };
    case 'committing':
      return { calls: orders('do-commit', state.branches) };
    case 'aborting':
      return { calls: orders('abort', state.branches) };
    case 'ended':
      return { calls: [] };
    default:
      return unreachable(state);
  }
}

function summarize(state: ThreePhaseState): Summary {
  return {
    phase: state.phase,
    decision: decisionOf(state),
    outcome: state.phase === 'ended' ? state.outcome : undefined,
    branches: 'members' in state ? branchesOf(state.members) : state.branches,
  };
}

function decisionOf(state: ThreePhaseState): Decision {
  switch (state.phase) {
    case 'active':
    case 'voting':
    case 'pre-committing':
    case 'electing':
    case 'pre-aborting':
      return 'undecided';
    case 'committing':
      return 'commit';
    case 'aborting':
      return 'rollback';
    case 'ended':
      return state.decision;
    default:
      return unreachable(state);
  }
}

function onReplied(state: ThreePhaseState, call: Call, reply: Reply): ThreePhaseState {
  switch (state.phase) {
    case 'voting':
      return onVote(state, call.branch, reply.type);
    case 'pre-committing':
    case 'electing':
    case 'pre-aborting': {
      const next = hear(state, call, reply);
      if (next.phase === 'outbid') return electAbove(next.by, next.members);
      if ('ballot' in next) return next;
      return endIfSettled({ phase: next.phase, branches: branchesOf(next.members) });
    }
    case 'committing':
    case 'aborting': {
      if (!isAcknowledged(reply.type)) return state;
      const branches = withState(state.branches, call.branch, reply.type);
      return endIfSettled({ ...state, branches });
    }
    case 'active':
    case 'ended':
      return state;
    default:
      return unreachable(state);
  }
}

function isVoting(state: ThreePhaseState): state is Voting {
  return state.phase === 'active' || state.phase === 'voting';
}

function enlist(state: Voting, plans: readonly BranchPlan[]): Voting {
  const fresh = joining(state.branches, plans);
  if (fresh.length === 0) return state;
  const joined = fresh.map(({ id }) => ({ id, state: 'enlisted' as const }));
  return { ...state, branches: [...state.branches, ...joined] };
}

function askForVotes(state: Voting): ThreePhaseState {
  return ballotIfPrepared({ ...state, phase: 'voting' });
}

function onVote(state: Voting, branch: BranchId, reply: string): ThreePhaseState {
  switch (reply) {
    case 'refused':
      return abort(withState(state.branches, branch, reply));
    case 'prepared':
    case 'read-only': // E6
      return ballotIfPrepared({
        ...state,
        branches: withState(state.branches, branch, 'prepared'),
      });
    default:
      return state;
  }
}

function ballotIfPrepared(state: Voting): ThreePhaseState {
  if (some(state.branches, 'enlisted')) return state;
  // Nobody can be asked, and nobody could decide otherwise.
  if (state.branches.length === 0) return endIfSettled({ phase: 'committing', branches: [] });
  return firstBallot(state.branches.map(({ id }) => id));
}

function electAbove(ballot: number, members: readonly Member[]): Balloting {
  return { phase: 'electing', ballot: ballotAbove(ballot, members.length, COORDINATOR), members };
}

function abort(branches: Branches<DecidedState>): ThreePhaseState {
  return endIfSettled({ phase: 'aborting', branches });
}

function branchesOf(members: readonly Member[]): Branches<DecidedState> {
  return members.map(({ id, standing: { state } }) => {
    if (state === 'ready') return { id, state: 'prepared' };
    if (state === 'committed' || state === 'aborted') return { id, state: 'acknowledged' }; // E5
    return { id, state };
  });
}

function orders(operation: Operation, branches: Branches<DecidedState>): readonly Call[] {
  return calls(operation, branches, 'enlisted', 'prepared', 'pre-committed', 'pre-aborted');
}

/** Ends the transaction if nothing is outstanding; otherwise leaves it as it is. */
function endIfSettled(state: Decided): ThreePhaseState {
  if (outstanding(state).calls.length > 0) return state;
  const decision = state.phase === 'committing' ? 'commit' : 'rollback';
  const outcome = outcomeOf(decision, state.branches);
  return { phase: 'ended', branches: state.branches, outcome, decision };
}
