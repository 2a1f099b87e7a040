// Makes room in the journal for the days ahead, and forgets the days that are over.
// Any number of instances may do so at once; what fails is tried again the next time.
import type { OpenJournal } from '@concordat/journal';

const PERIOD_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class Housekeeping {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly journal: Pick<OpenJournal, 'retention'>,
    private readonly retentionDays: number,
    private readonly troubled: (where: string, error: unknown) => void,
  ) {}

  /** Now, and then every hour. */
  start(): void {
    const tidy = (): void => {
      this.tidy().catch((error: unknown) => this.troubled('housekeeping', error));
    };
    this.timer = setInterval(tidy, PERIOD_MS).unref();
    tidy();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async tidy(): Promise<void> {
    const { retention } = this.journal;
    await retention.ensurePartitions();
    await retention.forget(this.retentionDays * DAY_MS);
  }
}
