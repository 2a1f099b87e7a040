// Rules broken on purpose, one at a time: the search must find each. The code that ships is not
// touched; each mutant wraps one of its pure functions.
import type { Call, Surrogate, TokenedCall } from '@concordat/protocols';
import { isFinal, obey } from '@concordat/protocols';
import type { Obey, Stood } from '../ballot-participant.js';
import type { BarrierOptions, Row } from '../barrier-participant.js';
import { barrierParticipant, noRow } from '../barrier-participant.js';
import type { CoordinatorRules, ParticipantRules } from '../parts.js';
import type { ShippedSurrogate } from '../shipped-surrogate.js';
import { decidedCommit, threePhaseStateOf } from '../three-phase-state.js';

/** Dispatch before append. */
export function sendsFirst(shipped: CoordinatorRules): CoordinatorRules {
  return { ...shipped, sendsFirst: true };
}

/** An election chooses the way of commit if anybody has seen a pre-commit, however old. */
export function anyPreCommitCommits(shipped: ShippedSurrogate): ShippedSurrogate {
  return {
    ...shipped,
    hears: (before, call, reply) => {
      const after = shipped.hears(before, call, reply);
      if (before.phase !== 'electing' || after.phase !== 'pre-aborting') return after;
      const hasSeen = after.members.some(({ standing }) => standing.state === 'pre-committed');
      return hasSeen ? { ...after, phase: 'pre-committing' } : after;
    },
  };
}

/** A surrogate elects everybody at once, without waiting for its own promise. */
export function promisesToOthersFirst(shipped: ShippedSurrogate): ShippedSurrogate {
  return {
    ...shipped,
    calls: (surrogate) => ('ballot' in surrogate ? allCalls(surrogate) : shipped.calls(surrogate)),
  };
}

function allCalls({ phase, ballot, members }: Balloting): readonly Call[] {
  return members.flatMap(({ id, standing }): readonly Call[] => {
    if (standing.lastElected < ballot) return [{ branch: id, operation: 'elect', ballot }];
    if (phase === 'electing') return [];
    const hasObeyed = standing.state !== 'ready' && standing.lastAttempt === ballot;
    const operation = phase === 'pre-committing' ? 'pre-commit' : 'pre-abort';
    return hasObeyed ? [] : [{ branch: id, operation, ballot }];
  });
}

/** One promise is enough to choose, where a quorum is needed. */
export function electedByOne(shipped: ShippedSurrogate): ShippedSurrogate {
  return {
    ...shipped,
    hears: (before, call, reply) => {
      const after = shipped.hears(before, call, reply);
      if (before.phase !== 'electing' || after.phase !== 'electing') return after;
      const promised = after.members.filter(
        ({ standing }) => standing.lastElected === after.ballot,
      );
      if (promised.length === 0) return after;
      const commits = promised.some(({ standing }) => standing.state === 'pre-committed');
      return { ...after, phase: commits ? 'pre-committing' : 'pre-aborting' };
    },
  };
}

/** A surrogate decides once one member has obeyed, where a quorum is needed. */
export function decidesByOne(shipped: ShippedSurrogate): ShippedSurrogate {
  return {
    ...shipped,
    hears: (before, call, reply) => {
      const after = shipped.hears(before, call, reply);
      if (after.phase === 'pre-committing') {
        return hasOneObeyed(after, 'pre-committed') ? told(after, 'committing') : after;
      }
      if (after.phase === 'pre-aborting') {
        return hasOneObeyed(after, 'pre-aborted') ? told(after, 'aborting') : after;
      }
      return after;
    },
  };
}

type Balloting = Extract<Surrogate, { ballot: number }>;

function hasOneObeyed({ ballot, members }: Balloting, state: string): boolean {
  return members.some(
    ({ standing }) => standing.state === state && standing.lastAttempt === ballot,
  );
}

function told({ self, allVoted, members }: Balloting, phase: 'committing' | 'aborting'): Surrogate {
  return { self, allVoted, phase, members };
}

/** The coordinator decides once one member is pre-committed, where a quorum is needed. */
export function coordinatorDecidesByOne(shipped: CoordinatorRules): CoordinatorRules {
  return {
    ...shipped,
    advance: (before, event, version) => {
      const after = shipped.advance(before, event, version);
      const state = threePhaseStateOf(after);
      if (state.phase !== 'pre-committing') return after;
      const preCommitted = state.members.filter(
        ({ standing }) =>
          standing.state === 'pre-committed' && standing.lastAttempt === state.ballot,
      );
      return preCommitted.length > 0 ? decidedCommit(after) : after;
    },
  };
}

/** A participant obeys a ballot below the one that it has promised. */
export const obeysOlderBallots: Obey = (memory, call) => {
  const { operation, ballot = 0 } = call;
  const isAttempt = operation === 'pre-commit' || operation === 'pre-abort';
  if (!isAttempt || typeof memory === 'string' || isFinal(memory)) return obey(memory, call);
  return obey({ ...memory, lastElected: Math.min(memory.lastElected, ballot) }, call);
};

/** The participant that obeys older ballots is not deaf to them. */
export function isDeafOnceDecided(standing: Stood): boolean {
  return standing !== null && isFinal(standing);
}

/** An undo that comes before its question is acknowledged, and leaves nothing behind. */
export function forgetsTombstones(options: BarrierOptions): ParticipantRules<Row> {
  const shipped = barrierParticipant(options);
  const isEmptyUndo = (row: Row, { operation }: TokenedCall): boolean =>
    row.work === 'none' && (operation === 'rollback' || operation === 'cancel');
  return {
    ...shipped,
    answersTo: (row, call) =>
      shipped
        .answersTo(row, call)
        .map((answer) => (isEmptyUndo(row, call) ? { ...answer, standing: noRow } : answer)),
  };
}

/** Who has not voted when the coordinator rolls back is taken for one that has refused. */
export function takesSilenceForNo(shipped: CoordinatorRules): CoordinatorRules {
  return {
    ...shipped,
    advance: (before, event, version) => {
      const after = shipped.advance(before, event, version);
      if (after.current.protocol !== '2pc') return after;
      const { state } = after.current;
      if (state.phase !== 'rolling-back') return after;
      const branches = state.branches.map((branch) =>
        branch.state === 'enlisted' ? { ...branch, state: 'refused' as const } : branch,
      );
      const isOver = branches.every((branch) => branch.state !== 'prepared');
      const ended = {
        phase: 'ended',
        branches,
        outcome: 'rolled-back',
        decision: 'rollback',
      } as const;
      return {
        ...after,
        current: { protocol: '2pc', state: isOver ? ended : { ...state, branches } },
      };
    },
  };
}
