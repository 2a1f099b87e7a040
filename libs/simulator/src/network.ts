// Messages between nodes. Each may be lost, delayed, overtaken or doubled; none is made up.
//
// M1. What is said over a session, such as a database's, arrives once or not at all: TCP drops the
//     copies, and no driver says a statement again. Whoever lost it has lost the session.
import type { Nemesis } from './nemesis.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { Schedule } from './schedule.js';
import type { Trace } from './trace.js';

export interface Message {
  readonly from: string;
  readonly to: string;
  /** The conversation that it belongs to: each has latencies of its own (R1 in prng.ts). */
  readonly about: string;
  /** For the trace. */
  readonly says: string;
}

const LATENCY_MS_MIN = 0.1;
const LATENCY_MS_SPREAD = 4;

export class Network {
  /** Messages on their way. */
  inFlight = 0;
  private readonly latencies = new Map<string, Prng>();

  constructor(
    private readonly seed: number,
    private readonly schedule: Schedule,
    private readonly nemesis: Nemesis,
    private readonly trace: Trace,
  ) {}

  /** @param deliver runs once for each copy that arrives: never, once or twice */
  send(message: Message, deliver: () => void): void {
    const delayMs = this.sendOverSession(message, deliver);
    if (delayMs === undefined) return;
    const { from, to } = message;
    const twin = this.nemesis.hitsLink('duplication', from, to);
    if (twin === undefined) return;
    const laterMs = this.nemesis.diceOf(twin).fraction() * twin.ms;
    this.deliverAfter(delayMs + laterMs, message, deliver);
  }

  /**
   * M1.
   * @param deliver runs once, or never
   * @returns how long the message takes; undefined if it is lost
   */
  sendOverSession(message: Message, deliver: () => void): number | undefined {
    if (this.isLost(message)) return undefined;
    const delayMs = this.delayMs(message);
    this.deliverAfter(delayMs, message, deliver);
    return delayMs;
  }

  private isLost(message: Message): boolean {
    const { from, to, says } = message;
    const fault =
      this.nemesis.hitsLink('partition', from, to) ?? this.nemesis.hitsLink('loss', from, to);
    if (fault !== undefined) this.trace.add(`${from}>${to} ${says}: lost (#${fault.number})`);
    return fault !== undefined;
  }

  private delayMs({ from, to, about }: Message): number {
    const { nemesis } = this;
    let delayMs = LATENCY_MS_MIN + LATENCY_MS_SPREAD * this.latencyDice(about).fraction() ** 2;
    const slow = nemesis.hitsLink('delay', from, to);
    if (slow !== undefined) delayMs += nemesis.diceOf(slow).fraction() * slow.ms;
    const held = nemesis.hitsLink('reordering', from, to);
    if (held !== undefined) delayMs += nemesis.diceOf(held).fraction() * held.ms;
    return delayMs;
  }

  private deliverAfter(delayMs: number, { from, to, says }: Message, deliver: () => void): void {
    this.inFlight += 1;
    this.schedule.after(delayMs, () => {
      this.inFlight -= 1;
      this.trace.add(`${from}>${to} ${says}`);
      deliver();
    });
  }

  private latencyDice(about: string): Prng {
    let dice = this.latencies.get(about);
    if (dice === undefined) {
      dice = streamOf(this.seed, `latency ${about}`);
      this.latencies.set(about, dice);
    }
    return dice;
  }
}
