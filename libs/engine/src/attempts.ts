// What failed attempts leave behind, and when to ask again. Pure.
//
// A1. An attempt belongs to one call, told by its token: the next call starts at zero.
// A2. A participant that says it is still working has not failed; it is asked again all the same.
import type { BranchId, GlobalTransactionId, Instant, TokenedCall } from '@concordat/protocols';
import { isQuestion } from '@concordat/protocols';
import type { RetryPolicy } from './definition.js';
import type { Attempt, Attempts } from './ports.js';

export interface Failure {
  readonly error: string;
  /** False if the participant is merely still working (A2). */
  readonly counts: boolean;
  /** A2: what the participant asked for; undefined leaves it to the policy. */
  readonly retryAfterMs: number | undefined;
}

const ERROR_CHARS_MAX = 500;
const POLL_DELAY_MIN_MS = 50;

/** @returns `attempts` with that of `call`, which has just failed, brought up to date */
export function afterFailure(
  attempts: Attempts,
  how: { gtid: GlobalTransactionId; call: TokenedCall; policy: RetryPolicy },
  failure: Failure,
  now: Instant,
): Attempts {
  const { gtid, call, policy } = how;
  const before = attemptOf(attempts, call.branch, call.token);
  const count = (before?.count ?? 0) + (failure.counts ? 1 : 0);
  const delayMs = failure.counts
    ? backOffMs(policy, count, spreadOf(`${gtid}:${count}`))
    : pollDelayMs(policy, before, failure.retryAfterMs);
  return updated(attempts, call, failure.error, {
    count,
    lastErrorAt: now,
    nextAttemptAt: Math.ceil(now + delayMs) as Instant,
  });
}

/**
 * Keeps what a participant said with its reply, which was no failure. To say so again changes
 * nothing, nor does a remark of a call before the one that the branch is at.
 */
export function withRemark(
  attempts: Attempts,
  call: TokenedCall,
  remark: string,
  now: Instant,
): Attempts {
  const last = attempts.find(({ branch }) => branch === call.branch);
  if (last !== undefined && last.token > call.token) return attempts;
  if (last?.token === call.token && last.lastError === shortened(remark)) return attempts;
  const count = failedSoFar(attempts, call);
  return updated(attempts, call, remark, { count, lastErrorAt: now, nextAttemptAt: now });
}

/** Whatever has failed is to be asked again at once. */
export function askedAtOnce(attempts: Attempts, now: Instant): Attempts {
  return attempts.map((one) => ({
    ...one,
    nextAttemptAt: Math.min(one.nextAttemptAt, now) as Instant,
  }));
}

function updated(
  attempts: Attempts,
  { branch, operation, token }: TokenedCall,
  error: string,
  rest: Pick<Attempt, 'count' | 'lastErrorAt' | 'nextAttemptAt'>,
): Attempts {
  const attempt = { branch, operation, token, lastError: shortened(error), ...rest };
  return [...attempts.filter((other) => other.branch !== branch), attempt];
}

function shortened(error: string): string {
  return error.slice(0, ERROR_CHARS_MAX);
}

/** A2: as the participant asked, or twice as long as the last time. */
function pollDelayMs(
  { firstDelayMs, delayMaxMs }: RetryPolicy,
  before: Attempt | undefined,
  retryAfterMs: number | undefined,
): number {
  const lastMs = before === undefined ? 0 : before.nextAttemptAt - before.lastErrorAt;
  const askedMs = retryAfterMs ?? Math.min(Math.max(2 * lastMs, firstDelayMs), delayMaxMs);
  return Math.max(askedMs, POLL_DELAY_MIN_MS);
}

/** Doubles with each failure up to the policy's bound; never less than half of that delay. */
function backOffMs(policy: RetryPolicy, count: number, spread: number): number {
  const doubled = policy.firstDelayMs * 2 ** Math.min(Math.max(count - 1, 0), 30);
  return Math.min(doubled, policy.delayMaxMs) * (0.5 + spread / 2);
}

/** 0 to 1, the same for the same seed (FNV-1a): parts the retries of what failed together. */
function spreadOf(seed: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 0x1_0000_0000;
}

export function isExhausted(
  attempts: Attempts,
  call: TokenedCall,
  { attemptsMax }: RetryPolicy,
): boolean {
  if (attemptsMax === null || !isQuestion(call.operation)) return false;
  return failedSoFar(attempts, call) >= attemptsMax;
}

/** When `call` may be asked again; undefined if it has not failed yet. */
export function nextAttemptOf(attempts: Attempts, call: TokenedCall): Instant | undefined {
  return attemptOf(attempts, call.branch, call.token)?.nextAttemptAt;
}

function failedSoFar(attempts: Attempts, call: TokenedCall): number {
  return attemptOf(attempts, call.branch, call.token)?.count ?? 0;
}

function attemptOf(attempts: Attempts, branch: BranchId, token: number): Attempt | undefined {
  return attempts.find((one) => one.branch === branch && one.token === token); // A1
}
