// One thing at a time at a resource manager, and nobody waits for it for ever.
//
// W1. Whoever asks while a run is under way shares the next one, which begins after he has asked:
//     what he did before is in what he is told. However many ask, one waits.
// W2. A call that has not answered in time goes on, and until it has ended there is no other: a
//     resource manager that hangs collects no calls.
import type { Timers } from '@concordat/engine';
import { ResourceManagerUnreachable } from '@concordat/engine';

/** Runs what it is given one after the other. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.last.then(run);
    this.last = turn.catch(() => undefined); // is for whoever has asked
    return turn;
  }
}

/** W1. */
export class Repeated<T> {
  private next: Promise<T> | undefined;

  constructor(
    private readonly turns: Turns,
    private readonly run: () => Promise<T>,
  ) {}

  once(): Promise<T> {
    this.next ??= this.turns.take(() => {
      this.next = undefined;
      return this.run();
    });
    return this.next;
  }
}

/** W2. */
export class Patience {
  private isWaiting = false;
  private giveUp: (reason: string) => void = () => {};

  constructor(private readonly timers: Timers) {}

  /** @throws ResourceManagerUnreachable if it takes too long, or an earlier call still does */
  async ask<T>(timeoutMs: number, call: () => Promise<T>): Promise<T> {
    if (this.isWaiting) {
      throw new ResourceManagerUnreachable('an earlier call has not been answered yet');
    }
    this.isWaiting = true;
    const answered = call().finally(() => (this.isWaiting = false));
    const { promise: late, reject } = Promise.withResolvers<never>();
    this.giveUp = (reason) => reject(new ResourceManagerUnreachable(reason));
    const stopTimer = this.timers.after(timeoutMs, () =>
      this.giveUp(`no answer within ${timeoutMs} ms`),
    );
    try {
      return await Promise.race([answered, late]);
    } finally {
      stopTimer();
    }
  }

  /** Whoever waits now, waits no longer. */
  end(): void {
    this.giveUp('nobody waits for it any longer');
  }
}
