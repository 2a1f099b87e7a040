import type { Timers } from './ports.js';

/** The most that `setTimeout` can count; anything longer it runs at once. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** The process's own timers. None of them keeps the process alive. */
export const systemTimers: Timers = {
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const waitMs = Math.min(leftMs, TIMEOUT_MS_MAX);
      const next = waitMs < leftMs ? () => wait(leftMs - waitMs) : run;
      timer = setTimeout(next, waitMs).unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
