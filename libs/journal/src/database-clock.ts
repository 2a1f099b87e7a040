// The database's time in this process, without asking for it each time.
//
//   now() = monotonic clock of this process + offset, measured by asking the database
//
// C1. It never goes backwards: should the database's own clock be set back (or a standby's be
//     behind), it stands still until that has caught up.
// C2. A measurement is off by at most half its round trip; one that took too long is not used.
import type { Clock } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import type { Database } from './database.js';
import { NOW } from './statements/now.js';

const ROUND_TRIP_MAX_MS = 100;

export class DatabaseClock implements Clock {
  private latest = 0;

  private constructor(
    private readonly database: Database,
    private offsetMs: number,
  ) {}

  static async open(database: Database): Promise<DatabaseClock> {
    const { offsetMs } = await measure(database);
    return new DatabaseClock(database, offsetMs);
  }

  now(): Instant {
    this.latest = Math.max(this.latest, Math.floor(performance.now() + this.offsetMs)); // C1
    return this.latest as Instant;
  }

  /** Measures again. */
  async refresh(): Promise<void> {
    const { offsetMs, roundTripMs } = await measure(this.database);
    if (roundTripMs <= ROUND_TRIP_MAX_MS) this.offsetMs = offsetMs; // C2
  }
}

async function measure(database: Database): Promise<{ offsetMs: number; roundTripMs: number }> {
  const asked = performance.now();
  const [row] = await database.run<{ now: number }>(NOW, []);
  const answered = performance.now();
  assert(row !== undefined, 'a select without a table returns a row');
  return { offsetMs: row.now - (asked + answered) / 2, roundTripMs: answered - asked };
}
