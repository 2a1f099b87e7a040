// What a process may have heard by the time that it next says something.
//
// From where it stands, every order of the events that may have come in, as far as each says
// something new: breadth first, so that each outcome comes with a shortest list of events.
import { canonical } from './intern.js';

export interface Fold<S, E> {
  readonly state: S;
  /** In the order in which they came. */
  readonly events: readonly E[];
}

/**
 * @param possible what may come in at a state
 * @param apply returns the same state if nothing new is said
 * @returns every state but `start` itself
 */
export function foldsFrom<S, E>(
  start: S,
  possible: (state: S) => readonly E[],
  apply: (state: S, event: E) => S,
): readonly Fold<S, E>[] {
  const seen = new Set([canonical(start)]);
  const queue: Fold<S, E>[] = [{ state: start, events: [] }];
  for (const { state, events } of queue) {
    for (const event of possible(state)) {
      const next = apply(state, event);
      if (next === state) continue;
      const text = canonical(next);
      if (seen.has(text)) continue;
      seen.add(text);
      queue.push({ state: next, events: [...events, event] });
    }
  }
  return queue.slice(1);
}
