import { setTimeout as delay } from 'node:timers/promises';

/** Settles as `work` does; rejects if that takes longer than `timeoutMs`. `work` goes on. */
export async function withTimeout<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: giveUp.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    giveUp.abort();
  }
}
