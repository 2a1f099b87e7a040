// Whether a person holds back a call, as told by why its transaction is where it is. Pure.

/** `debit: commit: paused by …`, and not what a participant has said in such words itself. */
const PAUSED = /^[^:]+: [a-z-]+( failed (once|\d+ times))?: paused by /;

/** @param why of a transaction that is not over */
export function waitsForPaused(why: string): boolean {
  return PAUSED.test(why);
}
