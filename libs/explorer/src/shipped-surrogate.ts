// The surrogate that ships: `standIn`, `surrogateCalls` and `surrogateHears` of
// @concordat/protocols.
import type { BranchId, Surrogate } from '@concordat/protocols';
import { isFinal, standIn, surrogateCalls, surrogateHears } from '@concordat/protocols';
import type { Stood } from './ballot-participant.js';
import type { SurrogateRules } from './parts.js';

export type ShippedSurrogate = SurrogateRules<Stood, Surrogate>;

export function shippedSurrogate(roster: readonly BranchId[], runsMax: number): ShippedSurrogate {
  return {
    runsMax,
    standIn: (self, own) => (own === null || isFinal(own) ? undefined : standIn(roster, self, own)),
    calls: surrogateCalls,
    hears: surrogateHears,
    impatience: () => [],
    essenceOf,
    decisionOf: ({ phase }) => {
      if (phase === 'committing') return 'commit';
      return phase === 'aborting' ? 'rollback' : 'undecided';
    },
    describe: (surrogate) =>
      'ballot' in surrogate ? `${surrogate.phase}(${surrogate.ballot})` : surrogate.phase,
  };
}

/** What it tells has been sent when it is looked at, and it listens no more: drop the rest. */
function essenceOf(surrogate: Surrogate): Surrogate {
  if (!('ballot' in surrogate)) return { ...surrogate, allVoted: false, members: [] };
  const hasOpened = surrogateCalls(surrogate).some(({ branch }) => branch !== surrogate.self);
  const allVoted = surrogate.allVoted && !hasOpened; // it says so in calls that it has sent by then
  return { ...surrogate, allVoted, members: essenceOfMembers(surrogate) };
}

type Balloting = Extract<Surrogate, { ballot: number }>;

/**
 * How a member stood counts in the election alone, and only if it has promised; afterwards it
 * counts who has promised, and who has obeyed.
 */
export function essenceOfMembers({
  phase,
  ballot,
  members,
}: Pick<Balloting, 'phase' | 'ballot' | 'members'>): Balloting['members'] {
  return members.map((member) => {
    const { lastElected, lastAttempt, state } = member.standing;
    const hasPromised = lastElected === ballot;
    const hasObeyed = hasPromised && lastAttempt === ballot && state !== 'ready';
    if (hasPromised && (phase === 'electing' || hasObeyed)) return member;
    const promised = hasPromised ? ballot : 0;
    return { ...member, standing: { state: 'ready', lastElected: promised, lastAttempt: 0 } };
  });
}
