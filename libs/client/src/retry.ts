// When a request is sent again. The words and the rule are those of the contract's own retries.

export interface RetryPolicy {
  /** How often a request is sent in all; 1 sends it once. */
  readonly attemptsMax: number;
  /** Before the second attempt; it doubles from there, less up to half of it at random. */
  readonly firstDelayMs: number;
  /** No delay is longer, but where the coordinator asks for one (`Retry-After`). */
  readonly delayMaxMs: number;
}

export const RETRY_DEFAULT: RetryPolicy = {
  attemptsMax: 6,
  firstDelayMs: 100,
  delayMaxMs: 5_000,
};

/** However long `Retry-After` says, it is asked again by then. */
export const RETRY_AFTER_MS_MAX = 60_000;

/**
 * @param attempts how many have been made, 1 or more
 * @param retryAfterMs what the last answer has asked for, 0 if nothing
 * @param random from 0 to 1
 */
export function delayMsOf(
  { firstDelayMs, delayMaxMs }: RetryPolicy,
  attempts: number,
  retryAfterMs: number,
  random: number,
): number {
  const delayMs = Math.min(firstDelayMs * 2 ** (attempts - 1), delayMaxMs);
  const asked = Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
  // Those who were all sent away at once do not all come back at once.
  return asked + delayMs * (1 - random / 2);
}

/** `Retry-After` in whole seconds, as a coordinator says it; else 0. */
export function retryAfterMsOf(header: string | null): number {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : 0;
}
