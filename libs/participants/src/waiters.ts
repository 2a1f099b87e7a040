// Who waits for what a prepared branch holds: directly, or for a session that does. Pure.
//
//   branch ◀── session ◀── session ◀── …      distance 0, 1, …
//
// W1. A session that waits for several branches is shown for each of them.
// W2. Of each session the shortest way counts, and nobody is walked twice: a circle ends.
import type { WaitingSession } from '@concordat/engine';

/** A session that waits. */
export interface Waiter {
  readonly session: Omit<WaitingSession, 'distance'>;
  /** The branches that hold what it waits for, as their server calls them. */
  readonly holders: readonly string[];
  /** The other sessions that it waits for. */
  readonly blockedBy: readonly number[];
}

/** Shown of one branch. */
export const SESSIONS_SHOWN_MAX = 200;

/** Everybody who waits for `branch`, the longest waiting first. */
export function waitersOf(branch: string, waiters: readonly Waiter[]): readonly WaitingSession[] {
  const found = new Map<number, WaitingSession>();
  let next = waiters.filter(({ holders }) => holders.includes(branch));
  for (let distance = 0; next.length > 0; distance += 1) {
    for (const { session } of next) found.set(session.pid, { ...session, distance });
    const near = new Set(next.map(({ session }) => session.pid));
    next = waiters.filter(
      ({ session, blockedBy }) => !found.has(session.pid) && blockedBy.some((pid) => near.has(pid)),
    );
  }
  return [...found.values()].toSorted(byWaiting);
}

function byWaiting(one: WaitingSession, other: WaitingSession): number {
  return (other.waitingMs ?? 0) - (one.waitingMs ?? 0) || one.pid - other.pid;
}
