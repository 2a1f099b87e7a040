// Makes room in the journal for the days ahead, and forgets the days that are over.
// Any number of instances may do so at once; what fails is tried again the next time.
import type { OpenJournal } from '@concordat/journal';
import { TimeLimit } from '@concordat/participants';

const PERIOD_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class Housekeeping {
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly journal: Pick<OpenJournal, 'retention'>,
    private readonly retentionDays: number,
    private readonly troubled: (where: string, error: unknown) => void,
  ) {}

  /** Now, and then every hour. */
  start(): void {
    const tidy = (): void => {
      this.underWay = this.tidy().catch((error: unknown) => {
        if (!this.isStopped) this.troubled('housekeeping', error);
      });
    };
    this.timer = setInterval(tidy, PERIOD_MS).unref();
    tidy();
  }

  /** Waits for what is under way, though not for long: it is done again another time. */
  async stop(timeoutMs: number): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await new TimeLimit(timeoutMs).bound(this.underWay, () => undefined);
  }

  private async tidy(): Promise<void> {
    const { retention } = this.journal;
    await retention.ensurePartitions();
    await retention.forget(this.retentionDays * DAY_MS);
  }
}
