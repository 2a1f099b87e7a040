// The database's time in this process, without asking for it each time.
//
//   now() = monotonic clock of this process + offset, measured by asking the database
//
// C1. It never goes backwards, and never stands still: should the database's own clock be set back
//     (or a standby's be behind), it goes on at half speed until that has caught up.
// C2. A measurement is off by at most half its round trip; one that took too long is not used.
//     What is too long grows with the age of the last one that was used, so that a database that
//     is slow for good is heard in the end.
import type { Clock } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import type { Database } from './database.js';
import { NOW } from './statements/now.js';

const ROUND_TRIP_MAX_MS = 100;
/** So much more round trip is allowed for each millisecond of age. */
const ROUND_TRIP_MS_PER_MS = 0.01;

/** All in milliseconds of `performance.now()`, but for the offset from it. */
interface Measurement {
  readonly offsetMs: number;
  readonly roundTripMs: number;
  readonly answeredAt: number;
}

export class DatabaseClock implements Clock {
  private shownAt: number;
  private shown: number;

  private constructor(
    private readonly database: Database,
    private measured: Measurement,
  ) {
    this.shownAt = measured.answeredAt;
    this.shown = measured.answeredAt + measured.offsetMs;
  }

  static async open(database: Database): Promise<DatabaseClock> {
    return new DatabaseClock(database, await measure(database));
  }

  now(): Instant {
    const at = performance.now();
    const atHalfSpeed = this.shown + (at - this.shownAt) / 2;
    this.shown = Math.max(at + this.measured.offsetMs, atHalfSpeed); // C1
    this.shownAt = at;
    return Math.floor(this.shown) as Instant;
  }

  /** Measures again. */
  async refresh(): Promise<void> {
    const measurement = await measure(this.database);
    const ageMs = measurement.answeredAt - this.measured.answeredAt;
    const roundTripMaxMs = ROUND_TRIP_MAX_MS + ageMs * ROUND_TRIP_MS_PER_MS;
    if (measurement.roundTripMs > roundTripMaxMs) return; // C2
    this.now(); // up to here the old offset holds
    this.measured = measurement;
  }
}

async function measure(database: Database): Promise<Measurement> {
  const asked = performance.now();
  const [row] = await database.run<{ now: number }>(NOW, []);
  const answered = performance.now();
  assert(row !== undefined, 'a select without a table returns a row');
  return {
    offsetMs: row.now - (asked + answered) / 2,
    roundTripMs: answered - asked,
    answeredAt: answered,
  };
}
