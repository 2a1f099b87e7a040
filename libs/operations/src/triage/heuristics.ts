// What has ended otherwise than decided, and nobody has dealt with, as causes. Pure.
//
// U1. A cause is an outcome: its operation is how they ended, its participants are those who took
//     part in any of them. Which of them did otherwise, the transaction's own page tells.
import type { GlobalTransactionId, Outcome } from '@concordat/protocols';
import type { CauseView } from '@concordat/wire/operations';
import { fingerprintOf } from './fingerprint.js';
import type { BrokenOutcome } from './harm.js';
import { brokenOutcomes } from './harm.js';
import { timeOf } from './stored.js';

/** What HEURISTICS returns: of each outcome that there is. */
export interface HeuristicsRow {
  readonly outcome: Outcome;
  readonly count: number;
  readonly begun_at: Date;
  readonly gtid: GlobalTransactionId;
  /** Some of them, by name. */
  readonly participants: readonly string[];
}

/** More are not named; HEURISTICS reads one more, so that it is known that there are more. */
export const NAMED_MAX = 3;

const ERROR = 'It has ended otherwise than decided, and nobody has dealt with it.';

/** U1. Undefined: it is the fingerprint of another cause. */
export function outcomeOfCause(fingerprint: string): BrokenOutcome | undefined {
  return brokenOutcomes.find((outcome) => fingerprintOf('', outcome, ERROR) === fingerprint);
}

/** U1. */
export function causeOfHeuristics(row: HeuristicsRow): CauseView {
  const { outcome, count, begun_at: begunAt, gtid, participants } = row;
  const named = participants.slice(0, NAMED_MAX).join(', ');
  return {
    fingerprint: fingerprintOf('', outcome, ERROR),
    participant: participants.length > NAMED_MAX ? `${named} and others` : named,
    operation: outcome,
    error: ERROR,
    harm: 'heuristic',
    count,
    oldestBegunAt: timeOf(begunAt.getTime()),
    oldestGtid: gtid,
    sessionsBlocked: 0,
  };
}
