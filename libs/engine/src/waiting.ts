// Initiators who wait for the end of their transactions.
import type { GlobalTransactionId } from '@concordat/protocols';
import type { Record, Timers } from './ports.js';

type Listener = (record: Record | undefined) => void;

export class Waiting {
  private readonly listeners = new Map<GlobalTransactionId, Set<Listener>>();
  isReleased = false;

  /** `ended` resolves with the ended transaction, or with undefined when `timeoutMs` are over. */
  forEnd(
    gtid: GlobalTransactionId,
    timeoutMs: number,
    timers: Timers,
  ): { readonly ended: Promise<Record | undefined>; cancel(): void } {
    const { promise: ended, resolve } = Promise.withResolvers<Record | undefined>();
    const listeners = this.listeners.get(gtid) ?? new Set();
    const listener: Listener = (record) => {
      stopTimer();
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(gtid);
      resolve(record);
    };
    const stopTimer = timers.after(timeoutMs, () => listener(undefined));
    this.listeners.set(gtid, listeners.add(listener));
    return { ended, cancel: () => listener(undefined) };
  }

  ended(record: Record): void {
    for (const listener of this.listeners.get(record.gtid) ?? []) listener(record);
  }

  /** Nobody waits any longer. */
  release(): void {
    this.isReleased = true;
    for (const listeners of this.listeners.values()) {
      for (const listener of listeners) listener(undefined);
    }
  }
}
