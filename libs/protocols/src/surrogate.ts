// Three-phase commit by quorum: a participant that stands in for a coordinator it no longer hears.
// Source: the termination protocol of E3PC (Keidar & Dolev 1998).
//
//   electing(b) ──a quorum has promised──▶ pre-committing(b), pre-aborting(b)
//      │   │                                  │                │
//      │   └──a member knows the decision──┐  │                │ a quorum has obeyed
//      │                                   ▼  ▼                ▼
//      │ a member has promised            committing, aborting ──everybody told──▶ over
//      │ a higher ballot                                                             ▲
//      └─────────────────────────────────────────────────────────────────────────────┘
//
// It is the coordinator's balloting (balloting.ts) at a ballot of its own, with three differences:
//
// S1. It elects itself first, and nobody else until that promise is durable. What it knows beyond
//     its own standing is not kept: after a crash it elects afresh, and that promise keeps it from
//     using the same ballot twice, for another choice.
// S2. It gives way to a higher ballot: somebody else is at it. Whether anything came of that, it
//     will see when it again hears nothing for long.
// S3. It may give up at any moment: elections are for progress, ballots keep safety.
import type { Balloting, Member } from './balloting.js';
import { ballotCalls, electing, hear } from './balloting.js';
import type { Call, Reply, Standing } from './machine.js';
import { ballotAbove } from './quorum.js';
import { isFinal } from './three-phase-participant.js';
import type { BranchId } from './vocabulary.js';
import { assert, unreachable } from './vocabulary.js';

export type Surrogate = Self & (Balloting | Telling | Over);

interface Self {
  readonly self: BranchId;
  /** It has obeyed a pre-commit, so every member has voted. A pre-abort does not say so. */
  readonly allVoted: boolean;
}

/** The decision is known; whoever has not acknowledged it is told. */
interface Telling {
  readonly phase: 'committing' | 'aborting';
  readonly members: readonly Member[];
}

interface Over {
  readonly phase: 'over';
  readonly members: readonly Member[];
}

/**
 * Begins an election, at the lowest ballot of its own that `own` has not promised yet.
 * @param roster in the order that everybody was told: the place on it makes ballots unique
 * @param own the durable standing of `self`, which is in doubt
 */
export function standIn(roster: readonly BranchId[], self: BranchId, own: Standing): Surrogate {
  const place = roster.indexOf(self);
  assert(place >= 0, 'a surrogate is on the roster');
  assert(!isFinal(own), 'who knows the decision has nothing to ask');
  const ballot = ballotAbove(own.lastElected, roster.length, place + 1);
  return { self, allVoted: own.state === 'pre-committed', ...electing(ballot, roster) };
}

/** What is to be asked or told now. The same calls until they are answered. */
export function surrogateCalls(state: Surrogate): readonly Call[] {
  switch (state.phase) {
    case 'electing':
    case 'pre-committing':
    case 'pre-aborting': {
      const calls = ballotCalls(state, state.allVoted);
      const own = calls.filter(({ branch }) => branch === state.self);
      return own.some(({ operation }) => operation === 'elect') ? own : calls; // S1
    }
    case 'committing':
      return orders('do-commit', state.members);
    case 'aborting':
      return orders('abort', state.members);
    case 'over':
      return [];
    default:
      return unreachable(state);
  }
}

/** @param call is one of `surrogateCalls(state)`; @returns the same state if nothing new is said */
export function surrogateHears(state: Surrogate, call: Call, reply: Reply): Surrogate {
  const { self, allVoted } = state;
  switch (state.phase) {
    case 'electing':
    case 'pre-committing':
    case 'pre-aborting': {
      const next = hear(state, call, reply);
      if (next === state) return state;
      if (next.phase === 'outbid') return { self, allVoted, phase: 'over', members: next.members }; // S2
      return overIfTold({ self, allVoted, ...next });
    }
    case 'committing':
    case 'aborting': {
      if (reply.type === 'standing') return state;
      const decided = state.phase === 'committing' ? 'committed' : 'aborted';
      const members = state.members.map((member) =>
        member.id === call.branch
          ? { ...member, standing: { ...member.standing, state: decided } as const }
          : member,
      );
      return overIfTold({ ...state, members });
    }
    case 'over':
      return state;
    default:
      return unreachable(state);
  }
}

function overIfTold(state: Surrogate): Surrogate {
  if (surrogateCalls(state).length > 0) return state;
  const { self, allVoted, members } = state;
  return { self, allVoted, phase: 'over', members };
}

function orders(operation: 'do-commit' | 'abort', members: readonly Member[]): readonly Call[] {
  return members
    .filter(({ standing }) => !isFinal(standing))
    .map(({ id }) => ({ branch: id, operation }));
}
