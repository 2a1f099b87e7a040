// Two kinds of clock: the database's, which is the only one that counts, and what an instance
// takes it for.
//
// K0. Whoever asks for the time again and again within one turn of the event loop does not get
//     anywhere, and would never let go of it: that is an error, and not a run without an end.
// K1. An instance's clock never goes backwards and never stands still: set back, it goes on at
//     half speed until the time has caught up (libs/journal, database-clock.ts).
import type { Clock } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import type { Fault } from './faults.js';
import type { Nemesis } from './nemesis.js';
import type { Schedule } from './schedule.js';

/** 2026-01-01T00:00:00Z: the runs begin there. */
const EPOCH = 1_767_225_600_000;

const READINGS_A_TURN_MAX = 10_000;

export class DatabaseClock {
  private leaptMs = 0;

  constructor(private readonly schedule: Schedule) {}

  now(): number {
    return EPOCH + this.schedule.now + this.leaptMs;
  }

  get turns(): number {
    return this.schedule.turns;
  }

  /** Nothing happens for so long, anywhere. */
  leap(ms: number): void {
    this.leaptMs += ms;
  }
}

/** The database's time as one process measures it. */
export class InstanceClock implements Clock {
  private shown: number;
  private shownAt: number;
  private wrongBy: Fault | undefined;
  private turn = 0;
  private readings = 0;

  constructor(
    private readonly name: string,
    private readonly database: DatabaseClock,
    private readonly nemesis: Nemesis,
  ) {
    this.shown = this.measured();
    this.shownAt = database.now();
  }

  now(): Instant {
    this.countReading();
    const at = this.database.now();
    const atHalfSpeed = this.shown + (at - this.shownAt) / 2;
    this.shown = Math.max(this.measured(), atHalfSpeed); // K1
    this.shownAt = at;
    return Math.floor(this.shown) as Instant;
  }

  /** K0. */
  private countReading(): void {
    const { turns } = this.database;
    this.readings = turns === this.turn ? this.readings + 1 : 0;
    this.turn = turns;
    if (this.readings > READINGS_A_TURN_MAX) throw new Error('a turn of the engine does not end');
  }

  private measured(): number {
    const fault = this.nemesis.isOpenOver('clock-error', this.name);
    if (fault !== undefined && fault !== this.wrongBy) this.nemesis.count(fault);
    this.wrongBy = fault;
    return this.database.now() + (fault?.ms ?? 0);
  }
}
