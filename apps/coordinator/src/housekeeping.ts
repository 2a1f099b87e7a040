// Makes room in the journal for the days ahead, and forgets the days that are over.
// Any number of instances may do so at once; what fails is tried again the next time.
import type { OpenJournal } from '@concordat/journal';
import type { Logger } from 'pino';
import { inBackground } from './in-background.js';

const PERIOD_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Now, and then every hour. @returns what ends it */
export function keepHouse(
  { retention }: Pick<OpenJournal, 'retention'>,
  retentionDays: number,
  logger: Logger,
): () => void {
  const tidy = async (): Promise<void> => {
    await retention.ensurePartitions();
    const forgotten = await retention.forget(retentionDays * DAY_MS);
    if (forgotten.days.length > 0) logger.info(forgotten, 'forgot days of the journal');
  };
  const onError = (error: unknown): void =>
    logger.warn({ err: error }, 'the journal could not be tidied up');
  const timer = setInterval(() => inBackground(tidy(), onError), PERIOD_MS).unref();
  inBackground(tidy(), onError);
  return () => clearInterval(timer);
}
