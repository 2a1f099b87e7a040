import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './failure.mjs';

/** What did not come in time. Nothing is broken: it may come yet. */
export class Late extends Failure {}

/**
 * Asks again and again until the answer is neither undefined nor false.
 * @template T
 * @param {string} what for the error: what did not happen
 * @param {() => T | undefined | false | Promise<T | undefined | false>} ask
 * @param {{ timeoutMs: number, periodMs?: number }} limits
 * @returns {Promise<T>} rejects with Late once `timeoutMs` have passed
 */
export async function until(what, ask, { timeoutMs, periodMs = 25 }) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() >= deadline) throw new Late(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(periodMs);
  }
}
