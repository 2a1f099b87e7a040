// The arithmetic of quorum three-phase commit: how many, which ballot, what an election chooses.
// Source: Keidar & Dolev, "Increasing the Resilience of Distributed and Replicated Database
// Systems" (E3PC), JCSS 57, 1998. Read as Paxos: `lastElected` is the promise, `lastAttempt` the
// ballot of the accepted value, and the values are pre-commit and pre-abort.
//
// Q1. Any two quorums of one roster share a member.
// Q2. A ballot has one owner. Of n members on the roster, the coordinator owns the multiples of
//     n + 1, and the member at index i those that leave the remainder i + 1.
// Q3. If a quorum has obeyed pre-commit at some ballot, no later election chooses pre-abort, and
//     the other way round.
import type { Standing } from './machine.js';

/** How many of `members` are a majority. Every branch on the roster has one vote. */
export function quorumOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The coordinator's first ballot needs no election: whoever votes prepared has promised it. */
export const FIRST_BALLOT = 0;

/** Owns the ballots that leave the remainder 0 (Q2). */
export const COORDINATOR = 0;

/**
 * The lowest ballot above `ballot` that `owner` has, on a roster of `members` (Q2).
 * @param owner the remainder: COORDINATOR, or i + 1 for the member at index i
 */
export function ballotAbove(ballot: number, members: number, owner: number): number {
  const step = members + 1;
  const candidate = Math.floor(ballot / step) * step + owner;
  return candidate > ballot ? candidate : candidate + step;
}

/**
 * Keidar & Dolev's IMAC, "is the maximal attempt committable": true if of those who ever obeyed an
 * attempt, all who obeyed the latest are pre-committed. False if nobody ever obeyed one.
 * @param standings of a quorum that has promised the ballot (Q3)
 */
export function isMaxAttemptCommittable(standings: readonly Standing[]): boolean {
  const attempted = standings.filter(
    ({ state }) => state === 'pre-committed' || state === 'pre-aborted',
  );
  const max = Math.max(...attempted.map(({ lastAttempt }) => lastAttempt));
  const latest = attempted.filter(({ lastAttempt }) => lastAttempt === max);
  return latest.length > 0 && latest.every(({ state }) => state === 'pre-committed');
}
