// What the journal will not hold: the transaction rests, and people are shown why. Pure.
//
// K1. Nothing of it was written, so the row stays at its version, and what is outstanding there has
//     failed, with the journal's reason. It is stuck at once: to ask again is no cure by itself.
// K2. All the same it is asked again, each time after a long rest: a participant may answer
//     otherwise, a deadline may decide, or somebody mends the journal.
// K3. What an initiator or a person has asked for is refused to them, who hear of it. That is no
//     fault of the transaction's, which is found again by its lease.
import type { Instant, TransactionEvent } from '@concordat/protocols';
import { callsOf } from '@concordat/protocols';
import { afterFailure } from './attempts.js';
import { branchOf } from './definition.js';
import { EntryRejected } from './errors.js';
import type { Delivery, Flight } from './flight.js';
import { nextLookAt } from './flight.js';
import type { EngineLimits } from './limits.js';
import type { Attempts, Postponement } from './ports.js';

/**
 * @param rejected what could not be written, and what the journal has said
 * @returns undefined if the journal may hold it another time; if somebody hears of it (K3); if
 *   others look after it
 */
export function parked(
  flight: Flight,
  { deliveries, why }: { readonly deliveries: readonly Delivery[]; readonly why: unknown },
  { stuckAttemptsMin, parkedMs }: Pick<EngineLimits, 'stuckAttemptsMin' | 'parkedMs'>,
  now: Instant,
): Postponement | undefined {
  const { gtid, written, definition, attemptsWritten } = flight;
  if (!(why instanceof EntryRejected) || deliveries.some(isAskedFor)) return undefined;
  if (written === undefined || flight.dueAt === undefined) return undefined;
  const failure = {
    error: `the journal cannot hold what has come of it: ${why.message}`,
    counts: true,
    retryAfterMs: undefined,
  };
  const calls = callsOf(written);
  const failed = calls.reduce((before: Attempts, call) => {
    const policy = branchOf(definition, call).retry;
    return afterFailure(before, { gtid, call, policy }, failure, now);
  }, attemptsWritten);
  const tokens = new Set(calls.map(({ branch, token }) => `${branch}:${token}`));
  const attempts = failed.map((one) =>
    tokens.has(`${one.branch}:${one.token}`)
      ? { ...one, count: Math.max(one.count, stuckAttemptsMin) }
      : one,
  );
  const lookAt = nextLookAt(written, attempts, undefined, now) ?? now;
  const dueAt = Math.max(lookAt, Math.ceil(now + parkedMs)) as Instant; // K2
  return { gtid, version: written.version, attempts, stuck: true, dueAt };
}

/** K3. */
const ASKED_FOR: ReadonlySet<TransactionEvent['type']> = new Set<TransactionEvent['type']>([
  'enlisted',
  'commit-requested',
  'rollback-requested',
]);

function isAskedFor({ event, intervention }: Delivery): boolean {
  return intervention !== undefined || ASKED_FOR.has(event.type);
}
