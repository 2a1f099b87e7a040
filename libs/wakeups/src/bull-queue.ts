// One BullMQ queue with its two ends, whatever it is kept in.
import type { GlobalTransactionId } from '@concordat/protocols';
import type { BackendClasses, IQueueBackend } from 'bullmq';

export interface Ring {
  /** The same for the same transaction and instant, so that the queue holds one of them. */
  readonly id: string;
  readonly gtid: GlobalTransactionId;
  readonly delayMs: number;
}

export interface Handlers {
  readonly onWake: (gtid: GlobalTransactionId) => Promise<void>;
  readonly onTrouble: (where: string, error: unknown) => void;
}

export interface BullQueue {
  /** Whether `add` has a chance now. */
  isReady(): boolean;
  add(rings: readonly Ring[]): Promise<void>;
  /**
   * Takes no more wakeups; resolves when those under way have ended, or at once with `force`.
   * Without it, this may take for ever if the server is gone.
   */
  close(force: boolean): Promise<void>;
  /** Drops the connections, whatever is under way. Only after `close` has been called. */
  cut(): void;
}

/** Where the two ends connect to: they need different manners when the server is gone. */
export interface Ends<Connection> {
  readonly producer: Connection;
  readonly worker: Connection;
}

const NAME = 'wakeups';
const REDIS_PREFIX = 'concordat';
const CONCURRENCY = 16;
const RETRY_DELAY_MS = 1_000;

// A wakeup that is over leaves nothing behind, so that its id may be rung again.
const LEAVE_NOTHING = { removeOnComplete: true, removeOnFail: true, stackTraceLimit: 0 } as const;

export function openBullQueue<B extends IQueueBackend, Connection>(
  { Queue, Worker }: BackendClasses<B, Connection>,
  ends: Ends<Connection>,
  { onWake, onTrouble }: Handlers,
): Pick<BullQueue, 'add' | 'close'> & { waitUntilReady(): Promise<void> } {
  interface Wakeup {
    readonly gtid: GlobalTransactionId;
  }
  const queue = new Queue<Wakeup>(NAME, {
    connection: ends.producer,
    prefix: REDIS_PREFIX,
    // BullMQ asks once, and is broken for good if the connection breaks before the answer.
    skipVersionCheck: true,
  });
  const worker = new Worker<Wakeup>(NAME, ({ data }) => onWake(data.gtid), {
    connection: ends.worker,
    prefix: REDIS_PREFIX,
    concurrency: CONCURRENCY,
    // To be woken takes no time; a lock that is lost all the same makes a wakeup come twice (W2).
    skipLockRenewal: true,
    runRetryDelay: RETRY_DELAY_MS,
  });
  queue.on('error', (error) => onTrouble('wakeups queue', error));
  worker.on('error', (error) => onTrouble('wakeups worker', error));
  worker.on('failed', (_job, error) => onTrouble('wakeup', error));
  return {
    waitUntilReady: async () => {
      await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
    },
    add: async (rings) => {
      await queue.addBulk(
        rings.map(({ id, gtid, delayMs }) => ({
          name: 'wakeup',
          data: { gtid },
          opts: { ...LEAVE_NOTHING, jobId: id, delay: delayMs },
        })),
      );
    },
    close: async (force) => {
      await Promise.all([worker.close(force), queue.close()]);
    },
  };
}
