// What is called safe: the deeds that a verdict can name, in the words of the pages.
import type { BranchCase } from './verdict.js';

export const RETRY = 'retry now';
export const RESOLVE = 'resolve it as done, with this evidence';
export const SAY_SO = 'retry now: its participant says what it has done, and the outcome names it';
export const LOOK = 'compare the data, and make good by hand what is missing or too much';
export const PAUSE = 'pause the transaction until somebody has looked';
export const FORGET = 'then forget the heuristic';
export const BRING_BACK = 'bring the participant back';
export const AFTER_IT = 'see to the steps after it, which it waits for';
export const AGAIN = 'look again';
const RESUME = 'resume the transaction: a person has paused it';
const ASK_FOR_ROLLBACK = 'ask for rollback while nothing is decided';

const MAY_BE_ROLLED_BACK: ReadonlySet<string> = new Set([
  'active',
  'preparing',
  'voting',
  'trying',
  'forward',
]);

/** Nothing, once the wish would not be granted. */
export function askForRollback({ decision, phase }: BranchCase): readonly string[] {
  const isGranted = decision === 'undecided' && MAY_BE_ROLLED_BACK.has(phase);
  return isGranted ? [ASK_FOR_ROLLBACK] : [];
}

/** Only what can be done as things are; and when the outstanding call is made again by itself. */
export function possible(
  safe: readonly string[],
  { outstanding, isPaused, heldBack }: BranchCase,
): readonly string[] {
  if (outstanding === undefined) return withoutCalls(safe, isPaused);
  if (heldBack !== undefined) {
    const left = safe.filter((text) => text !== RETRY && text !== SAY_SO); // they reach nobody
    return [...(isPaused ? [RESUME] : []), heldBack, ...left];
  }
  if (isPaused) return [RESUME, ...safe];
  if (outstanding.nextAttemptAt === undefined) return safe.length > 0 ? safe : [AGAIN];
  const at = new Date(outstanding.nextAttemptAt).toISOString().slice(11, 19);
  return [...safe, `wait: the next attempt is at ${at} UTC`];
}

/** Nothing is outstanding for it, so nothing can be asked again, or answered in its place. */
function withoutCalls(safe: readonly string[], isPaused: boolean): readonly string[] {
  const calls: readonly string[] = [RETRY, RESOLVE, SAY_SO];
  const left = safe.filter((text) => !calls.includes(text));
  if (isPaused) return [RESUME, ...left];
  return left.length > 0 ? left : [AGAIN];
}
