// Why a transaction is where it is, in one line for its row; and whom that a person holds back it
// waits for. Pure.
import type { Attempt, Record as TransactionRecord } from '@concordat/engine';
import type { TokenedCall, Transaction } from '@concordat/protocols';
import { callsOf, isQuestion, summaryOf } from '@concordat/protocols';
import type { TriageItemView } from '@concordat/wire/operations';
import type { Pauses } from '../participants/pauses.js';
import { holding } from '../participants/pauses.js';
import { timeOf } from './stored.js';

/** A reply of `refused`, with its note (`consequenceOf` in the engine's questions.ts). */
const NO = /^refused(:|$)/;

/** @returns null where there is nothing to say: it has ended well, or nobody said anything */
export function whyOf({ transaction, attempts, definition }: TransactionRecord): string | null {
  const { outcome } = summaryOf(transaction);
  if (outcome === 'committed') return null; // what has failed on the way is over
  const refusal = outcome === 'rolled-back' ? refusalIn(attempts) : undefined;
  if (outcome !== undefined) return (refusal ?? latestOf(attempts))?.lastError ?? null;
  const calls = callsOf(transaction);
  const failing = latestOf(failingOf(transaction, attempts));
  const failed = failing === undefined ? undefined : failureOf(failing);
  if (transaction.paused === true) {
    return ['paused by a person', failed].filter((part) => part !== undefined).join('; ');
  }
  if (failed !== undefined) return failed;
  const [first] = calls;
  if (first === undefined) return 'waits for its initiator';
  const participant = definition.branches.find(({ id }) => id === first.branch)?.participant;
  const name = typeof participant === 'string' ? participant : participant?.url;
  return `waits for ${name ?? first.branch} to answer ${first.operation}${others(calls)}`;
}

/** Each once, as things are now: its latest attempt may have been before the pause, or after. */
export function waitsForPausedOf(
  record: TransactionRecord,
  pauses: Pick<Pauses, 'of'>,
): TriageItemView['waitsForPaused'] {
  const held = new Map(holding(record, pauses).map((pause) => [pause.name, pause]));
  return [...held.values()].map(({ name: participant, by, reason, since }) => {
    return { participant, by, reason, since: timeOf(since.getTime()) };
  });
}

/** Of the attempts, those at calls that are outstanding. */
export function failingOf(
  transaction: Transaction,
  attempts: readonly Attempt[],
): readonly Attempt[] {
  if (attempts.length === 0) return [];
  const calls = callsOf(transaction);
  return attempts.filter((attempt) => calls.some((call) => isAt(attempt, call)));
}

function isAt(attempt: Attempt, { branch, token }: TokenedCall): boolean {
  return attempt.branch === branch && attempt.token === token;
}

/** What has decided it: the first no. What was in the way later is not the reason. */
function refusalIn(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts
    .filter(({ operation, lastError }) => isQuestion(operation) && NO.test(lastError))
    .toSorted((one, other) => one.lastErrorAt - other.lastErrorAt)[0];
}

function latestOf(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts.toSorted((one, other) => other.lastErrorAt - one.lastErrorAt)[0];
}

function failureOf({ branch, operation, count, lastError }: Attempt): string {
  if (count === 0) return `${branch}: ${operation}: ${lastError}`;
  return `${branch}: ${operation} failed ${count === 1 ? 'once' : `${count} times`}: ${lastError}`;
}

function others(calls: readonly TokenedCall[]): string {
  return calls.length === 1 ? '' : `, and ${calls.length - 1} more`;
}
