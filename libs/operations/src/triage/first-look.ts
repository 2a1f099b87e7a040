// The first overview after a start would have to build what the next ones find there: all that is
// stuck is read, statements are planned, connections opened, code compiled. So a process that has
// begun does it by itself, once, before anybody asks.
//
// B1. Nobody waits for it. It begins when the start is over; if it fails, that is reported once,
//     and whoever asks first reads it all.
// B2. Whoever asks meanwhile does not read again what is stuck: he shares the reading that is under
//     way (K1 of board.ts). Whoever asks later is told what is so then.
// B3. It only reads. However many instances start at the same time, each costs what somebody costs
//     who opens the page.
import type { OperationsPorts } from '../ports.js';

export class FirstLook {
  private cancel: () => void = () => undefined;
  private underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly prepare: () => Promise<void>,
    private readonly ports: Pick<OperationsPorts, 'timers' | 'troubled'>,
  ) {}

  start(): void {
    this.cancel = this.ports.timers.after(0, () => {
      this.underWay = this.prepare().catch((error: unknown) => {
        this.ports.troubled('the first look', error); // B1
      });
    });
  }

  /** Resolves when it is not under way any more, and will not be. */
  async stop(): Promise<void> {
    this.cancel();
    await this.underWay;
  }
}
