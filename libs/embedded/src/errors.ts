// How a global transaction can end for the code that has run it. Whoever catches one of these
// knows what is true of all its branches; an error of the work itself is thrown as it is.
import type { GlobalTransactionId, Outcome } from '@concordat/protocols';

/** Every branch is rolled back, or will be as soon as its database can be reached. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack';
  constructor(
    readonly gtid: GlobalTransactionId,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`the global transaction ${gtid} was rolled back: ${reason}`, options);
  }
}

/** It is not known whether it has committed. */
export class InDoubt extends Error {
  override readonly name = 'InDoubt';
  /**
   * @param isDecided whether the journal will tell: all branches end alike as soon as it can be
   *   reached, and `decisionOf(gtid)` says how. False if one database alone was committed, of
   *   which the journal never hears: only that database can tell, by what is in it.
   */
  constructor(
    readonly gtid: GlobalTransactionId,
    readonly isDecided: boolean,
    options?: ErrorOptions,
  ) {
    super(
      isDecided
        ? `whether the global transaction ${gtid} has committed is not known yet`
        : `whether the one database of the global transaction ${gtid} has committed is not known`,
      options,
    );
  }
}

/** Somebody has ended a branch by hand, against the decision. */
export class HeuristicEnd extends Error {
  override readonly name = 'HeuristicEnd';
  constructor(
    readonly gtid: GlobalTransactionId,
    readonly outcome: Outcome,
  ) {
    super(`the global transaction ${gtid} has ended as ${outcome}`);
  }
}

/** The application uses global transactions in a way that cannot work. */
export class Misused extends Error {
  override readonly name = 'Misused';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
