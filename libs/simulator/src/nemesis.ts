// The faults of a run at work: whoever could be hit asks here whether it is.
//
// N1. Every fault has dice of its own: to drop one of them does not change when another hits.
// N2. What really hit is counted by kind. A fault that never fires proves nothing.
import type { Fault, FaultKind } from './faults.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { Schedule } from './schedule.js';

interface Armed {
  readonly fault: Fault;
  readonly dice: Prng;
  readonly source: string;
  readonly destination: string;
  opportunities: number;
}

export class Nemesis {
  /** How often each kind has hit. */
  readonly fired = new Map<FaultKind, number>();
  /** After this nothing goes wrong any more. */
  isHealed = false;
  private readonly armed = new Map<FaultKind, Armed[]>();

  constructor(
    seed: number,
    readonly faults: readonly Fault[],
    private readonly schedule: Schedule,
  ) {
    for (const fault of faults) {
      const [source = '', destination = ''] = fault.target.split('>');
      const dice = streamOf(seed, `dice ${fault.kind}`, fault.number);
      const one = { fault, dice, source, destination, opportunities: 0 };
      this.armed.set(fault.kind, [...(this.armed.get(fault.kind) ?? []), one]);
    }
  }

  /** The fault that hits `target` now, if there is one. Dice are rolled; a hit is counted. */
  hits(kind: FaultKind, target: string): Fault | undefined {
    return this.find(kind, (one) => matches(one.source, target));
  }

  /** The same for a message on its way. */
  hitsLink(kind: FaultKind, source: string, destination: string): Fault | undefined {
    return this.find(
      kind,
      (one) => matches(one.source, source) && matches(one.destination, destination),
    );
  }

  /** The same for the kinds that hit their nth opportunity, and never again. */
  hitsNth(kind: FaultKind, target: string): Fault | undefined {
    if (this.isHealed) return undefined;
    for (const one of this.armed.get(kind) ?? []) {
      if (!isOpen(one.fault, this.schedule.now) || !matches(one.source, target)) continue;
      if (++one.opportunities === one.fault.nth) return this.count(one.fault);
    }
    return undefined;
  }

  /** The fault whose window is open over `target`. Neither rolls dice nor counts. */
  isOpenOver(kind: FaultKind, target: string): Fault | undefined {
    if (this.isHealed) return undefined;
    const now = this.schedule.now;
    const open = this.armed
      .get(kind)
      ?.find((one) => isOpen(one.fault, now) && matches(one.source, target));
    return open?.fault;
  }

  /** The faults of a kind, for those that come by themselves at their time. */
  of(kind: FaultKind): readonly Fault[] {
    return (this.armed.get(kind) ?? []).map(({ fault }) => fault);
  }

  /** Dice of a fault's own, for what it decides beyond whether it hits. */
  diceOf(fault: Fault): Prng {
    const one = this.armed.get(fault.kind)?.find((armed) => armed.fault === fault);
    if (one === undefined) throw new RangeError(`fault ${fault.number} is not of this run`);
    return one.dice;
  }

  count(fault: Fault): Fault {
    this.fired.set(fault.kind, (this.fired.get(fault.kind) ?? 0) + 1);
    return fault;
  }

  private find(kind: FaultKind, isHit: (one: Armed) => boolean): Fault | undefined {
    const armed = this.armed.get(kind);
    if (armed === undefined || this.isHealed) return undefined;
    const now = this.schedule.now;
    for (const one of armed) {
      if (!isOpen(one.fault, now) || !isHit(one)) continue;
      if (one.fault.ratio >= 1 || one.dice.chance(one.fault.ratio)) return this.count(one.fault);
    }
    return undefined;
  }
}

function isOpen({ from, until }: Fault, now: number): boolean {
  return from <= now && now < until;
}

function matches(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name;
}
