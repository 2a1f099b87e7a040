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

/**
 * It is not known whether the decision has become durable. The coordinator ends all branches alike
 * once it can reach the journal; `decisionOf(gtid)` tells then.
 */
export class InDoubt extends Error {
  override readonly name = 'InDoubt';
  constructor(
    readonly gtid: GlobalTransactionId,
    options?: ErrorOptions,
  ) {
    super(`whether the global transaction ${gtid} has committed is not known yet`, options);
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
