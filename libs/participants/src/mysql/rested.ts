// A list that a server makes anew only when nobody has read it for a while.
//
//   asked ─▶ waits until the last read is REST_MS ago ─▶ read ─▶ told
//
// InnoDB's lists of transactions and of lock waits are one copy for all sessions. Whoever reads it
// when nobody has for a tenth of a second makes it anew (`CACHE_MIN_IDLE_TIME`, trx0i_s.cc; seen on
// 10.11). Whoever reads it more often reads the old one, for ever: sessions seem to be blocked that
// were let go long ago.
//
// R1. Between the end of a read and the next one REST_MS pass.
// R2. Who asks is told what was read after he asked. Those who wait for the same read share it.
// R3. What others read on the same server (another coordinator, monitoring) is not seen here.
import { setTimeout as delay } from 'node:timers/promises';

const REST_MS = 120;

export class Rested<Value> {
  /** The read that has not begun yet. */
  private waiting: Promise<Value> | undefined;
  /** Of the reads so far, with the rest after the last. */
  private over: Promise<unknown> = Promise.resolve();

  /** @param read never rejects */
  constructor(private readonly read: () => Promise<Value>) {}

  ask(): Promise<Value> {
    this.waiting ??= this.queued();
    return this.waiting;
  }

  private async queued(): Promise<Value> {
    await this.over;
    this.waiting = undefined;
    const value = this.read();
    this.over = value.then(() => delay(REST_MS, undefined, { ref: false }));
    return value;
  }
}
