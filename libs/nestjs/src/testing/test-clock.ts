// Time that a test moves. Between its moves everything that can go on without time goes on.
import type { Clock, Timers } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class TestClock implements Clock, Timers {
  private readonly timers = new Set<Timer>();

  constructor(private ms = Date.now()) {}

  now(): Instant {
    return this.ms as Instant;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.ms + delayMs, run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Runs what falls due, in its order; resolves when what that has caused has been done. */
  async advance(ms: number): Promise<void> {
    const until = this.ms + ms;
    await settled();
    for (let next = this.nextBy(until); next !== undefined; next = this.nextBy(until)) {
      this.timers.delete(next);
      this.ms = Math.max(this.ms, next.at);
      next.run();
      await settled();
    }
    this.ms = until;
  }

  private nextBy(until: number): Timer | undefined {
    const due = [...this.timers].filter(({ at }) => at <= until);
    return due.toSorted((left, right) => left.at - right.at)[0];
  }
}

const TURNS = 3;

/** A few turns of the loop: promises, and what comes at once from outside. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
