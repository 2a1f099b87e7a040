// The bells: some instance is told to look at a transaction at its time, if all goes well.
import type { GlobalTransactionId } from '@concordat/protocols';
import type { Bells, Coordinator } from './coordinators.js';
import type { Nemesis } from './nemesis.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { Schedule } from './schedule.js';

const LATENCY_MS_SPREAD = 3;

export class Wakeups implements Bells {
  private readonly dice: Prng;

  /** @param ends whom to ring at; @param known transactions, for stray rings */
  constructor(
    seed: number,
    private readonly schedule: Schedule,
    private readonly nemesis: Nemesis,
    private readonly ends: readonly Coordinator[],
    private readonly known: () => readonly string[],
  ) {
    this.dice = streamOf(seed, 'wakeups');
    for (const fault of nemesis.of('wakeup-stray')) {
      schedule.at(fault.from, () => this.stray(fault.number));
    }
  }

  ring(gtid: GlobalTransactionId, delayMs: number): void {
    const { dice, nemesis } = this;
    if (nemesis.hits('wakeup-lost', '*')) return;
    const late = nemesis.hits('wakeup-late', '*');
    const lateMs = late === undefined ? 0 : nemesis.diceOf(late).fraction() * late.ms;
    const inMs = Math.max(0, delayMs) + LATENCY_MS_SPREAD * dice.fraction() + lateMs;
    this.ringAfter(inMs, gtid);
    const twin = nemesis.hits('wakeup-duplicated', '*');
    if (twin !== undefined) this.ringAfter(inMs + nemesis.diceOf(twin).fraction() * twin.ms, gtid);
  }

  private ringAfter(delayMs: number, gtid: GlobalTransactionId): void {
    const end = this.dice.pick(this.ends);
    this.schedule.after(delayMs, () => end.wake(gtid));
  }

  /** Rings for anything that was ever begun, whether it has ended or not. */
  private stray(number: number): void {
    const fault = this.nemesis.of('wakeup-stray').find((one) => one.number === number);
    if (fault === undefined || this.nemesis.isHealed || this.schedule.now >= fault.until) return;
    const dice = this.nemesis.diceOf(fault);
    const known = this.known();
    if (known.length > 0) {
      this.nemesis.count(fault);
      dice.pick(this.ends).wake(dice.pick(known) as GlobalTransactionId);
    }
    this.schedule.after(fault.ms, () => this.stray(number));
  }
}
