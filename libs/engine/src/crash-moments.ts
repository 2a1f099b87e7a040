// The crash points around an append, by what the append is for. Found out only while one is armed.
import { crashPoint, isArmed } from '@concordat/crash-points';
import type { Transaction } from '@concordat/protocols';
import { callsOf, isEnded, summaryOf } from '@concordat/protocols';
import type { Candidate, Flight } from './flight.js';

type Purpose = 'begin' | 'enlist' | 'decision' | 'end' | 'calls' | 'news';

/** The append of `candidate` is about to be asked for. */
export function beforeAppend(flight: Flight, candidate: Candidate): void {
  if (!isArmed()) return;
  const purpose = purposeOf(flight.written, candidate);
  if (purpose === 'begin') crashPoint('begin.before-append');
  if (purpose === 'decision') crashPoint('decision.before-append');
  if (purpose === 'end') crashPoint('end.before-append');
  if (purpose === 'news') crashPoint('news.before-append');
}

/** `candidate` is durable, and nothing else is done; the journal held `before` until now. */
export function afterAppend(before: Transaction | undefined, candidate: Candidate): void {
  if (!isArmed()) return;
  const purpose = purposeOf(before, candidate);
  if (purpose === 'begin') crashPoint('begin.durable');
  if (purpose === 'enlist') crashPoint('enlist.durable');
  if (purpose === 'decision') crashPoint('decision.durable');
  if (purpose === 'calls') crashPoint('calls.durable');
}

/** What need not be forced is about to be told. */
export function beforeAccepting(flight: Flight, { transaction }: Candidate): void {
  if (!isArmed()) return;
  if (isEnded(transaction) && flight.endedAt === null) crashPoint('end.heard');
}

/** The first that holds. The end of a saga without a pivot is its decision to commit. */
function purposeOf(
  before: Transaction | undefined,
  { transaction, unwritten }: Candidate,
): Purpose {
  if (before === undefined) return 'begin';
  if (unwritten.some(({ event }) => event.type === 'enlisted')) return 'enlist';
  if (summaryOf(before).decision !== summaryOf(transaction).decision) return 'decision';
  if (isEnded(transaction)) return 'end';
  const opens = callsOf(transaction).some(({ token }) => token === transaction.version);
  return opens ? 'calls' : 'news';
}
