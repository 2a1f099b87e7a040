// What would come of an event, found out by applying it. Pure: nothing is kept.
import type { Transaction, TransactionEvent } from '@concordat/protocols';
import { advance, summaryOf } from '@concordat/protocols';

/** @returns undefined if the protocol would not hear of it; else what follows, in a sentence */
export function consequenceOf(
  transaction: Transaction,
  event: TransactionEvent,
): string | undefined {
  const { transaction: after, applied } = advance(transaction, [event], transaction.version + 1);
  if (applied.length === 0) return undefined;
  const { phase: phaseBefore, decision: decidedBefore } = summaryOf(transaction);
  const { phase, decision, outcome } = summaryOf(after);
  if (outcome !== undefined) return `The transaction ends with it: ${outcome}.`;
  if (decision !== decidedBefore) return `That decides ${decision}.`;
  if (phase !== phaseBefore) return `The transaction goes on to ${phase}.`;
  return 'The transaction goes on as it is.';
}

/** Whether both are the same transaction in the same state, wherever they were read. */
export function isSameState(left: Transaction, right: Transaction): boolean {
  return left.version === right.version && JSON.stringify(left) === JSON.stringify(right);
}
