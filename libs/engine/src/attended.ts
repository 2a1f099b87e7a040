// Transactions that arrive decided, and end at once: nearly all that are begun inside an
// application. It is the short way of what `flights.ts` does, one step after the other.
//
//   arrive ──▶ 1. append ──▶ 2. orders ──all acknowledged──▶ ended ──▶ 3. append, in company
//                   │             └ anything else, a sweep ──┐
//                   └ nothing is written: the flight is gone ┴──▶ flights.ts goes on
//
// G1. The order is E1's: durable, then sent; both appends are those of `Flights.commit`, and the
//     states those of the same pure functions.
// G2. While it is attended, its flight is in the memory of `Flights`, whose turn it is said to be:
//     whatever comes for it meanwhile waits in its mailbox, and so it has one driver.
// G3. At each moment at which something is awaited the flight is as `Flights` would have left it,
//     so that it can go on from there: with answers that are no acknowledgements, with something in
//     the mailbox, after a conflict, or when its lease must be renewed.
// G4. What is written last need not be waited for (X2, F3): lost, the orders are repeated.
import type { Event, TokenedCall } from '@concordat/protocols';
import { advance, callKey, isEnded, mustBeForced, summaryOf } from '@concordat/protocols';
import { beforeAccepting } from './crash-moments.js';
import { EntryRejected, JournalUnavailable } from './errors.js';
import type { Beginning, Flight } from './flight.js';
import type { Flights } from './flights.js';
import type { EngineLimits } from './limits.js';
import type { Answer, Ports, Record } from './ports.js';
import { consequenceOf } from './questions.js';

/** What has been answered so far. */
type Heard = readonly [call: TokenedCall, answer: Answer];

export class Attended {
  /** Their orders are under way. */
  private readonly ending = new Map<Flight, Heard[]>();
  /** They have ended, which is to be written. */
  private lazy: Flight[] = [];
  private flushed: Promise<void> = Promise.resolve();

  constructor(
    private readonly ports: Ports,
    private readonly limits: EngineLimits,
    private readonly flights: Flights,
    private readonly onEnded: (record: Record) => void,
  ) {}

  /** As `Flights.begin`, and attends to the flight from then on. */
  begin(flight: Flight, beginning: Beginning): Promise<'appended' | 'conflict'> {
    flight.attend = (calls) => this.takes(flight, calls);
    return this.flights.begin(flight, beginning);
  }

  /** Renews leases, which is for `flights.ts`: these go on there (G3). */
  look(): void {
    const now = this.ports.clock.now();
    for (const flight of this.ending.keys()) {
      if ((flight.dueAt ?? now) - now < this.limits.leaseMs / 2) this.leave(flight);
    }
  }

  /** Writes what waits for company. Resolves when that, and what is being written, is done. */
  flush(): Promise<void> {
    const written = this.lazy.splice(0).map((flight) => this.write(flight));
    for (const one of written) this.inBackground('end', one);
    const all = Promise.allSettled([this.flushed, ...written]); // failures are reported elsewhere
    this.flushed = all.then(() => undefined);
    return this.flushed;
  }

  /** @returns whether these are the orders of a commit; they are on their way then */
  private takes(flight: Flight, calls: readonly TokenedCall[]): boolean {
    const { definition, current } = flight;
    const isCommit = definition.protocol === '2pc' && summaryOf(current).decision === 'commit';
    if (!isCommit || calls.length === 0) return false;
    this.ending.set(flight, []);
    for (const call of calls) flight.asking.add(callKey(call));
    for (const call of calls) this.inBackground('ask', this.ask(flight, call, calls.length));
    return true;
  }

  private async ask(flight: Flight, call: TokenedCall, count: number): Promise<void> {
    const answer = await this.flights.answerOf(flight, call);
    const heard = this.ending.get(flight);
    if (heard === undefined || flight.forgotten) {
      this.ending.delete(flight);
      return this.flights.hear(flight, call, answer); // it goes on there, or nowhere
    }
    heard.push([call, answer]);
    if (heard.length === count && !this.hasEnded(flight, heard)) this.leave(flight);
  }

  /** @returns false, and nothing is done, unless the orders have been obeyed and that is all */
  private hasEnded(flight: Flight, heard: readonly Heard[]): boolean {
    const { current, definition, written, mailbox, reloadWanted } = flight;
    if (written === undefined || mailbox.length > 0 || reloadWanted) return false;
    const events = heard.flatMap(([call, answer]) => acknowledgementOf(call, answer));
    if (events.length < heard.length) return false;
    const { transaction } = advance(current, events, written.version + 1);
    if (!isEnded(transaction) || mustBeForced(written, transaction, events)) return false;
    this.ending.delete(flight);
    flight.asking.clear();
    const unwritten = events.map((event) => ({ event }));
    const candidate = { transaction, definition, unwritten, forced: false };
    beforeAccepting(flight, candidate);
    flight.accept(candidate, this.ports.clock.now());
    this.onEnded(flight.record());
    this.writeSoon(flight);
    return true;
  }

  /** G3. */
  private leave(flight: Flight): void {
    const heard = this.ending.get(flight) ?? [];
    this.ending.delete(flight);
    for (const [call, answer] of heard) this.flights.hear(flight, call, answer);
    this.flights.resume(flight);
  }

  private writeSoon(flight: Flight): void {
    if (this.lazy.length === 0) {
      this.ports.timers.after(this.limits.lazyMs, () => this.inBackground('flush', this.flush()));
    }
    this.lazy.push(flight);
  }

  /** G4. */
  private async write(flight: Flight): Promise<void> {
    if (flight.forgotten) return;
    const { current: transaction, definition, unwritten } = flight;
    try {
      const candidate = { transaction, definition, unwritten, forced: false };
      const verdict = await this.flights.commit(flight, candidate);
      if (verdict === 'conflict') flight.reloadWanted = true;
    } catch (error) {
      if (error instanceof EntryRejected) return this.flights.resume(flight); // it is parked there
      this.flights.forget(flight, error); // E4
      if (!(error instanceof JournalUnavailable)) throw error;
      return this.ports.observer.troubled('journal', error);
    }
    if (flight.reloadWanted || flight.mailbox.length > 0) this.flights.resume(flight);
    else this.flights.forget(flight);
  }

  private inBackground(where: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.ports.observer.troubled(where, error));
  }
}

/** None, if it is anything else, or somebody should hear of it. */
function acknowledgementOf(call: TokenedCall, answer: Answer): readonly Event[] {
  if (answer.type !== 'reply' || answer.reply.type !== 'acknowledged') return [];
  const { event, remark } = consequenceOf(call, answer);
  return event === undefined || remark !== undefined ? [] : [event];
}
