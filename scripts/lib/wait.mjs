import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither undefined nor false.
 * @template T
 * @param {string} what for the error: what did not happen
 * @param {() => T | undefined | false | Promise<T | undefined | false>} ask
 * @param {{ timeoutMs: number, periodMs?: number }} limits
 * @returns {Promise<T>} rejects once `timeoutMs` have passed
 */
export async function until(what, ask, { timeoutMs, periodMs = 25 }) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() >= deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(periodMs);
  }
}
