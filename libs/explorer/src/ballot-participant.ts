// A participant of 3PC: the machine that ships, `obey` of @concordat/protocols.
//
// Its standing is durable before its answer is heard. It is fenced by ballots and by final states;
// it does not look at tokens.
import type { BranchId, Call, Reply, Standing, TokenedCall } from '@concordat/protocols';
import { isFinal, isThreePhaseCall, obey, voted } from '@concordat/protocols';
import { describeStanding } from './labels.js';
import type { Answered, ParticipantRules } from './parts.js';

/** Null before it has heard of the transaction. */
export type Stood = Standing | null;

export type Obey = typeof obey;

export interface BallotOptions {
  readonly roster: readonly BranchId[];
  readonly mayRefuse: boolean;
  /** The machine, or a variation of it. */
  readonly obey: Obey;
}

export function ballotParticipant(options: BallotOptions): ParticipantRules<Stood> {
  return {
    fresh: null,
    answersTo: (standing, call) => answersTo(standing, call, options),
    isDeafTo: isDeaf,
    essenceOfCall,
    ownActs: () => [],
    describe: (standing) => (standing === null ? 'has not voted' : describeStanding(standing)),
  };
}

function answersTo(
  standing: Stood,
  call: TokenedCall,
  { obey: obeys, mayRefuse, roster }: BallotOptions,
): readonly Answered<Stood>[] {
  if (!isThreePhaseCall(call)) throw new RangeError(`${call.operation} is not of 3PC`);
  const obedience = obeys(standing ?? 'nothing', call);
  switch (obedience.type) {
    case 'answer':
    case 'settle':
      return [
        {
          standing: essenceOf(obedience.standing),
          reply: essenceOfReply(call, obedience.reply, roster.length),
        },
      ];
    case 'vote': {
      const vote = (type: 'prepared' | 'refused'): Answered<Stood> => {
        const reply: Reply = { type };
        return { standing: voted(type), reply };
      };
      return mayRefuse ? [vote('prepared'), vote('refused')] : [vote('prepared')];
    }
    case 'deny':
      return [{ standing, reply: essenceOfReply(call, obedience.reply, roster.length) }];
    case 'silence':
      return [];
  }
}

/** P1, P2, P4 of three-phase-participant.ts: what can never again make a difference to it. */
export function isDeaf(standing: Stood, { operation, ballot = 0 }: TokenedCall): boolean {
  if (standing === null) return false;
  if (isFinal(standing)) return true;
  if (operation === 'can-commit') return true;
  if (operation === 'elect') return standing.lastElected >= ballot;
  const isAttempt = operation === 'pre-commit' || operation === 'pre-abort';
  return isAttempt && standing.lastElected > ballot;
}

/** P5: that all have voted is news only to one who does not remember a vote. */
function essenceOfCall(standing: Stood, call: TokenedCall): TokenedCall {
  if (standing === null || call.voted === undefined) return call;
  const { voted: _, ...rest } = call;
  return rest;
}

/** Of who has decided, nobody looks at the ballots (P1; B5 of balloting.ts). */
function essenceOf(standing: Standing): Standing {
  return isFinal(standing) ? { ...standing, lastElected: 0, lastAttempt: 0 } : standing;
}

/**
 * Who is told of a higher promise elects above it, or gives way: either way it forgets how the
 * member stands. Of the ballots between two of the coordinator's, it does not matter which it was.
 */
function essenceOfReply({ ballot = 0 }: Call, reply: Reply, members: number): Reply {
  if (reply.type !== 'standing') return reply;
  const { standing } = reply;
  if (isFinal(standing)) return { ...reply, standing: essenceOf(standing) };
  if (standing.lastElected <= ballot) return reply;
  const round = standing.lastElected - (standing.lastElected % (members + 1));
  const lastElected = Math.max(ballot, round) + 1;
  return { ...reply, standing: { state: 'ready', lastElected, lastAttempt: 0 } };
}
