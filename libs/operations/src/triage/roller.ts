// Sums what has ended, minute by minute, when the minute is over. Any instance does it; nothing on
// the way of a transaction does.
//
//                       mark
//   ── summed ───────────┼── read live ──▶ now
//                        └─ moves on by whole minutes, SETTLING_MS after they are over
//
// R1. The mark and the sums move in one statement, by compare-and-set: two instances at once sum a
//     minute once. One that dies in between has moved neither.
// R2. A row is visible a little after the instant that it bears. A statement takes ten seconds at
//     most (statement_timeout), so after SETTLING_MS a minute has all its rows, unless a commit has
//     waited for a standby for longer: what has ended then is in the lists, and in no sum.
// R3. A mark that is far behind (the first start; all instances were down) moves by an hour at a
//     time, each a commit of its own.
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import type { OperationsPorts } from '../ports.js';
import {
  BEGIN_ROLLUP,
  FORGET_MINUTES,
  OLDEST_ENDED,
  ROLL_UP,
  ROLLED_UNTIL,
  SUMMARIZE,
} from './statements/rollup.js';
import { instantOfDate } from './stored.js';

const MINUTE_MS = 60_000;
const SETTLING_MS = 30_000;
const PERIOD_MS = 15_000;
const MINUTES_PER_STATEMENT_MAX = 60;
const KEPT_MS = 31 * 24 * 60 * MINUTE_MS;
const FORGET_EVERY_MS = 3_600_000;

export class Roller {
  private cancel: () => void = () => {};
  private rolling: Promise<void> = Promise.resolve();
  private stopped = false;
  private forgottenAt = 0;

  constructor(
    private readonly ports: Pick<OperationsPorts, 'store' | 'clock' | 'timers' | 'troubled'>,
  ) {}

  start(): void {
    this.after(0);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    await this.rolling;
  }

  /** Sums every minute that is over. Rejects with JournalUnavailable. */
  async rollUp(): Promise<void> {
    const { store, clock } = this.ports;
    const end = wholeMinute(clock.now() - SETTLING_MS);
    let mark = (await this.mark()) ?? (await this.begin(end));
    let moved = false;
    while (mark < end && !this.stopped) {
      const next = Math.min(mark + MINUTES_PER_STATEMENT_MAX * MINUTE_MS, end) as Instant;
      await store.run(ROLL_UP, [new Date(mark), new Date(next)]);
      const now = await this.mark();
      if (now === undefined || now <= mark) return; // somebody else has it; see the next time
      mark = now;
      moved = true;
    }
    if (moved) await store.run(SUMMARIZE, []);
    await this.forget();
  }

  /** Until when minutes have been summed. */
  async mark(): Promise<Instant | undefined> {
    const [row] = await this.ports.store.run<{ until: Date | null }>(ROLLED_UNTIL, []);
    return row?.until ? instantOfDate(row.until) : undefined;
  }

  private async begin(end: Instant): Promise<Instant> {
    const { store } = this.ports;
    const [oldest] = await store.run<{ gtid: GlobalTransactionId }>(OLDEST_ENDED, []);
    const from = oldest === undefined ? end : beginningOf(oldest.gtid, end);
    await store.run(BEGIN_ROLLUP, [new Date(from)]);
    return (await this.mark()) ?? end;
  }

  private async forget(): Promise<void> {
    const now = this.ports.clock.now();
    if (now - this.forgottenAt < FORGET_EVERY_MS) return;
    this.forgottenAt = now;
    await this.ports.store.run(FORGET_MINUTES, [new Date(now - KEPT_MS)]);
  }

  private after(delayMs: number): void {
    if (this.stopped) return;
    this.cancel = this.ports.timers.after(delayMs, () => {
      this.rolling = this.rollUp()
        .catch((error: unknown) => this.ports.troubled('rolling up', error))
        .then(() => this.after(PERIOD_MS));
    });
  }
}

function wholeMinute(instant: number): Instant {
  return (Math.floor(instant / MINUTE_MS) * MINUTE_MS) as Instant;
}

/** Before the oldest id was made; but not before what is kept, for other ids may be anything. */
function beginningOf(gtid: GlobalTransactionId, end: Instant): Instant {
  const made = Number.parseInt(gtid.slice(0, 8) + gtid.slice(9, 13), 16);
  const slackMs = 60 * MINUTE_MS;
  return wholeMinute(Math.min(Math.max(made - slackMs, end - KEPT_MS), end));
}
