// The problems that a request about a transaction can meet.
import type { Record } from '@concordat/engine';
import { summaryOf } from '@concordat/protocols';
import type { ProblemExtras } from '../http/problems.js';
import { malformedRequest, ProblemError } from '../http/problems.js';

export function unknownTransaction(gtid: string): ProblemError {
  const detail = 'It was never begun, or it ended so long ago that it is forgotten.';
  return new ProblemError('unknown-transaction', detail, { gtid });
}

export function decisionForgotten(gtid: string): ProblemError {
  const detail =
    'Transactions as old as this one have been forgotten, and nothing is presumed of them: it ' +
    'may have been committed.';
  return new ProblemError('decision-forgotten', detail, { gtid });
}

export function keyReused(gtid: string): ProblemError {
  const detail =
    'This Idempotency-Key has begun a transaction with another body. Nothing was begun.';
  return new ProblemError('key-reused', detail, { gtid });
}

export function notActive(record: Record): ProblemError {
  const { phase } = summaryOf(record.transaction);
  return new ProblemError('not-active', `No branch can enlist: it is ${phase}.`, whereItIs(record));
}

export function branchExists(record: Record): ProblemError {
  const detail = 'A branch with this id is enlisted already, and it is not the same.';
  return new ProblemError('branch-exists', detail, whereItIs(record));
}

export function tooManyBranches(branchesMax: number): ProblemError {
  const message = `would make more than ${branchesMax} branches of this transaction`;
  return malformedRequest([{ pointer: '/branches', message }]);
}

export function contradicted(record: Record): ProblemError {
  const { decision } = summaryOf(record.transaction);
  const detail =
    decision === 'undecided'
      ? 'It is too late: what a participant is answering now decides, or the others together.'
      : `The decision is ${decision}, and a decision never changes.`;
  return new ProblemError('decided-otherwise', detail, whereItIs(record));
}

function whereItIs({ gtid, transaction }: Record): ProblemExtras {
  const { decision } = summaryOf(transaction);
  return { gtid, phase: transaction.current.state.phase, decision };
}
