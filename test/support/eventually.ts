// Waiting for what must come, by asking again and again within a bound. Never a test of speed.
import { setTimeout as delay } from 'node:timers/promises';

const PERIOD_MS = 20;
/** That of `expect.poll` too: in vitest.config.ts. */
const TIMEOUT_MS = 60_000;

/**
 * Asks until the answer is neither undefined nor false.
 * @param what for the error: what did not happen
 */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > giveUpAt) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(PERIOD_MS);
  }
}
