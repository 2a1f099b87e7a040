// Between the engine, which rings and goes on, and a queue, which takes its time or is not there.
//
//   ring ──▶ backlog, by id ──one batch at a time──▶ queue.add
//
// Q1. At most one batch is being added. Rings of one tick leave together; those that arrive
//     meanwhile leave with the next batch.
// Q2. A batch that fails takes the whole backlog with it: what waits behind it would fail too,
//     or arrive stale. Nothing is tried again, the sweep does that.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Wakeups } from '@concordat/engine';
import type { BullQueue, Handlers, Ring } from './bull-queue.js';
import type { OpenWakeups } from './open-wakeups.js';
import { waitAtMost } from './wait-at-most.js';

const BACKLOG_MAX = 10_000;
/** BullMQ needs some 40 µs of this process's time for each: a batch must not stop everything. */
const BATCH_MAX = 100;
/** Instants are rounded up to this, so that rings for about the same time are one. */
const GRAIN_MS = 50;
const RECONNECT_DELAY_MS = 1_000;

export class QueuedWakeups implements OpenWakeups {
  readonly wakeups: Wakeups = { ring: (rings) => this.ring(rings) };
  private readonly backlog = new Map<string, Ring>();
  private readonly closing = new AbortController();
  private connecting: Promise<void> = Promise.resolve();
  private queue: BullQueue | undefined;
  private isFlushing = false;

  constructor(
    private readonly connect: () => Promise<BullQueue>,
    private readonly handlers: Handlers,
    private readonly clock: Clock,
  ) {}

  start(): void {
    this.connecting = this.keepConnecting().catch((error: unknown) =>
      this.handlers.onTrouble('wakeups', error),
    );
  }

  isHealthy(): boolean {
    return this.queue !== undefined && this.queue.isReady();
  }

  async close(timeoutMs: number): Promise<void> {
    this.closing.abort();
    await waitAtMost(timeoutMs / 2, this.connecting);
    const { queue } = this;
    if (queue === undefined) return;
    this.queue = undefined;
    const closed = queue.close(!queue.isReady()).catch((error: unknown) => {
      this.handlers.onTrouble('wakeups', error);
    });
    await waitAtMost(timeoutMs / 2, closed); // W4
    queue.cut();
  }

  private ring(rings: Parameters<Wakeups['ring']>[0]): void {
    if (!this.isHealthy() || this.closing.signal.aborted) return;
    const now = this.clock.now();
    for (const { gtid, at } of rings) {
      if (this.backlog.size >= BACKLOG_MAX) break; // W3
      const roundedAt = Math.ceil(at / GRAIN_MS) * GRAIN_MS; // W2: up, never down
      const id = `${gtid}.${roundedAt}`;
      this.backlog.set(id, { id, gtid, delayMs: Math.max(0, roundedAt - now) });
    }
    if (this.isFlushing || this.backlog.size === 0) return;
    this.isFlushing = true;
    setImmediate(() => {
      this.flush().catch((error: unknown) => {
        this.backlog.clear(); // Q2
        this.handlers.onTrouble('ring', error);
      });
    });
  }

  private async flush(): Promise<void> {
    try {
      while (this.backlog.size > 0 && this.queue !== undefined) {
        const batch = [...this.backlog.values()].slice(0, BATCH_MAX);
        for (const { id } of batch) this.backlog.delete(id);
        await this.queue.add(batch); // Q1
      }
    } finally {
      this.isFlushing = false;
    }
  }

  private async keepConnecting(): Promise<void> {
    const { signal } = this.closing;
    while (this.queue === undefined && !signal.aborted) {
      try {
        const queue = await this.connect();
        if (!signal.aborted) this.queue = queue;
        else await queue.close(true).finally(() => queue.cut());
      } catch (error) {
        this.handlers.onTrouble('wakeups', error);
        await delay(RECONNECT_DELAY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
}
