// What follows the votes of quorum three-phase commit, until there is a decision.
// Source: E3PC (Keidar & Dolev 1998); the arithmetic is in quorum.ts.
//
//   pre-committing(0) ──a quorum has obeyed──▶ committing
//      │
//      │ a member has promised a higher ballot
//      ▼
//   electing(b) ──a quorum has promised──┬──▶ pre-committing(b) ──a quorum has obeyed──▶ committing
//      ▲                                 └──▶ pre-aborting(b) ────a quorum has obeyed──▶ aborting
//      └──a member has promised a higher ballot────┘
//
//   from each of them ──a member has committed, or aborted──▶ committing, or aborting
//
// B1. A member promises a ballot (`elect`) before it is asked to obey one (`pre-commit`,
//     `pre-abort`). Ballot 0 needs no election: the vote has promised it.
// B2. It is decided once a quorum of the roster has obeyed the same ballot.
// B3. A member that has promised a higher ballot is not argued with: the coordinator elects again,
//     at a ballot of its own above that one; a surrogate gives way (surrogate.ts).
// B4. An election asks a quorum what it has obeyed, and chooses what a quorum may have obeyed
//     already (quorum.ts, Q3).
// B5. A member that has committed or aborted knows the decision: it is adopted at once.
import type { Call, Reply, Standing } from './machine.js';
import { FIRST_BALLOT, isMaxAttemptCommittable, quorumOf } from './quorum.js';
import type { BranchId } from './vocabulary.js';
import { unreachable } from './vocabulary.js';

export interface Balloting {
  readonly phase: 'pre-committing' | 'electing' | 'pre-aborting';
  readonly ballot: number;
  readonly members: readonly Member[];
}

/** A branch on the roster, and how it stood when it was last heard. */
export interface Member {
  readonly id: BranchId;
  readonly standing: Standing;
}

interface Verdict {
  readonly phase: 'committing' | 'aborting';
  readonly members: readonly Member[];
}

/** B3: a member has promised the ballot `by`. */
interface Outbid {
  readonly phase: 'outbid';
  readonly by: number;
  readonly members: readonly Member[];
}

/** @param roster every branch of the transaction; all have voted prepared */
export function firstBallot(roster: readonly BranchId[]): Balloting {
  return { phase: 'pre-committing', ballot: FIRST_BALLOT, members: unheard(roster) };
}

/** An election at `ballot` among members of whom nothing is known. */
export function electing(ballot: number, roster: readonly BranchId[]): Balloting {
  return { phase: 'electing', ballot, members: unheard(roster) };
}

function unheard(roster: readonly BranchId[]): readonly Member[] {
  const standing: Standing = { state: 'ready', lastElected: FIRST_BALLOT, lastAttempt: 0 };
  return roster.map((id) => ({ id, standing }));
}

/**
 * What each member is to hear next at this ballot: nothing once it has answered all of it (B1).
 * @param allVoted the caller knows that every member has voted, and says so when it elects
 */
export function ballotCalls(state: Balloting, allVoted: boolean): readonly Call[] {
  const { phase, ballot } = state;
  const known = allVoted ? ({ voted: true } as const) : {};
  return state.members.flatMap(({ id, standing }): readonly Call[] => {
    if (standing.lastElected < ballot)
      return [{ branch: id, operation: 'elect', ballot, ...known }];
    if (phase === 'electing' || hasObeyed(state, standing)) return [];
    const operation = phase === 'pre-committing' ? 'pre-commit' : 'pre-abort';
    return [{ branch: id, operation, ballot }];
  });
}

/**
 * @param call is outstanding
 * @returns the same state if `reply` does not answer `call`
 */
export function hear(state: Balloting, call: Call, reply: Reply): Balloting | Verdict | Outbid {
  const standing = standingOf(state, call, reply);
  if (standing === undefined) return state;
  const members = state.members.map((member) =>
    member.id === call.branch ? { ...member, standing } : member,
  );
  if (standing.state === 'committed') return { phase: 'committing', members }; // B5
  if (standing.state === 'aborted') return { phase: 'aborting', members };
  if (standing.lastElected > state.ballot) {
    return { phase: 'outbid', by: standing.lastElected, members }; // B3
  }
  const has = call.operation === 'elect' ? hasPromised : hasObeyed;
  return has(state, standing) ? counted({ ...state, members }) : state;
}

/** How the member stands after its reply; undefined if the reply does not say. */
function standingOf({ ballot }: Balloting, call: Call, reply: Reply): Standing | undefined {
  if (reply.type === 'standing') return reply.standing;
  if (reply.type !== 'acknowledged' || call.operation === 'elect') return undefined;
  const state = call.operation === 'pre-commit' ? 'pre-committed' : 'pre-aborted';
  return { state, lastElected: ballot, lastAttempt: ballot };
}

function hasPromised({ ballot }: Balloting, standing: Standing): boolean {
  return standing.lastElected === ballot;
}

function hasObeyed({ phase, ballot }: Balloting, standing: Standing): boolean {
  const obedient = phase === 'pre-committing' ? 'pre-committed' : 'pre-aborted';
  return standing.state === obedient && standing.lastAttempt === ballot;
}

/** Goes on if a quorum has answered. */
function counted(state: Balloting): Balloting | Verdict {
  const { phase, members } = state;
  const has = phase === 'electing' ? hasPromised : hasObeyed;
  const quorum = members.map(({ standing }) => standing).filter((one) => has(state, one));
  if (quorum.length < quorumOf(members.length)) return state;
  switch (phase) {
    case 'electing':
      return isMaxAttemptCommittable(quorum) // B4
        ? { ...state, phase: 'pre-committing' }
        : { ...state, phase: 'pre-aborting' };
    case 'pre-committing':
      return { phase: 'committing', members }; // B2
    case 'pre-aborting':
      return { phase: 'aborting', members }; // B2
    default:
      return unreachable(phase);
  }
}
