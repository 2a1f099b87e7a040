// Work that is done again and again until it is stopped; whatever goes wrong with it is reported.
import type { Timers } from '@concordat/engine';

export interface PeriodicPorts {
  readonly timers: Timers;
  readonly troubled: (where: string, error: unknown) => void;
}

export class Periodic {
  private stopping = false;
  private cancel: () => void = () => undefined;
  private underWay: Promise<void> = Promise.resolve();

  /** @param work one turn of it; the next begins `periodMs` after it has ended */
  constructor(
    private readonly name: string,
    private readonly work: () => Promise<void>,
    private readonly periodMs: number,
    private readonly ports: PeriodicPorts,
  ) {}

  start(): void {
    this.after(0);
  }

  /** Resolves when the turn that is under way has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.cancel();
    await this.underWay;
  }

  private after(delayMs: number): void {
    if (this.stopping) return;
    this.cancel = this.ports.timers.after(delayMs, () => {
      this.underWay = this.work()
        .catch((error: unknown) => this.ports.troubled(this.name, error))
        .finally(() => this.after(this.periodMs));
    });
  }
}
