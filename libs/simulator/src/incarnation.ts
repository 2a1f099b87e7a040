// One life of an instance: from its start until it dies or has stopped.
//
// L1. A process that has died does nothing and hears nothing: its promises never settle, so work
//     stops at whichever await it had reached.
// L2. A process that stands still hears everything later, in some order: timers, replies, requests.
import type { Nemesis } from './nemesis.js';
import type { Schedule } from './schedule.js';
import type { Prng } from './prng.js';

export class Incarnation {
  isDead = false;
  private isPaused = false;
  private backlog: (() => void)[] = [];

  /**
   * @param name of the instance, as faults know it
   * @param id of this life of it, as the journal knows it
   * @param die ends it, and sees to it that there is another one later
   */
  constructor(
    readonly name: string,
    readonly id: string,
    private readonly nemesis: Nemesis,
    private readonly die: (downMs: number, why: string) => void,
  ) {}

  /** Something comes in from outside. */
  deliver(run: () => void): void {
    if (this.isDead) return;
    if (this.isPaused) this.backlog.push(run);
    else run();
  }

  never<Value>(): Promise<Value> {
    return new Promise(() => {});
  }

  /** Whether it is dead, or dies now, as it makes a call to one of its ports (L1). */
  isDeadBefore(what: string): boolean {
    if (this.isDead) return true;
    const fault = this.nemesis.hitsNth('crash-before-call', this.name);
    if (fault !== undefined) this.die(fault.ms, `before: ${what}`);
    return this.isDead;
  }

  /** It may die when a call of it took effect. */
  diesAfter(what: string): void {
    if (this.isDead) return;
    const fault = this.nemesis.hitsNth('crash-after-call', this.name);
    if (fault !== undefined) this.die(fault.ms, `after: ${what}`);
  }

  pause(): void {
    this.isPaused = true;
  }

  /** L2. */
  resume(schedule: Schedule, dice: Prng): void {
    this.isPaused = false;
    const late = dice.shuffled(this.backlog.splice(0));
    for (const run of late) schedule.after(0, () => this.deliver(run));
  }
}
