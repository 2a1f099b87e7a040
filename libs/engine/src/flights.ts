// The transactions that this process is working on, and the one loop that moves them.
//
//   deliver ──▶ mailbox ──pump──▶ fold ──▶ 1. append ──▶ 2. perform ──▶ ask ──answer──▶ deliver
//                           ▲                                           │
//                           └──────────── conflict: the journal's word ─┘ failed: asked again later
//
// E1. Durable, then sent: `commit` appends, and then performs what that has opened; nothing else
//     appends. What is performed again later (`doWhatIsDue`) is durable already.
// E2. One append of a transaction at a time: replies that arrive meanwhile go into the next.
// E3. A conflict means that another instance was faster. Its state is loaded, and what is unwritten
//     here is applied to that; late or double replies then say nothing new.
// E4. After an error of the journal this process knows nothing: it forgets the transaction, and the
//     sweep finds it again. Recovery has no code of its own.
// E5. A transaction of which nothing is under way is put on the agenda and leaves the memory.
// E6. While calls are under way the lease is short, and renewed: `dueAt` in the row stays a little
//     ahead. Without a lease (`dueAt` undefined, or over) this process only finishes what it has
//     begun: what is due then is taken anew, by whoever comes first.
import { crashPoint } from '@concordat/crash-points';
import type { Event, GlobalTransactionId, Instant, TokenedCall } from '@concordat/protocols';
import { callKey, callsOf, isEnded, wakeAtOf } from '@concordat/protocols';
import type { Failure } from './attempts.js';
import { afterFailure, isExhausted, nextAttemptOf } from './attempts.js';
import { afterAppend, beforeAccepting, beforeAppend } from './crash-moments.js';
import { branchOf } from './definition.js';
import { JournalUnavailable } from './errors.js';
import type { Beginning, Candidate, Delivery } from './flight.js';
import { deliveriesOf, entryOf, Flight, fold, isPartOf, isStuck } from './flight.js';
import { mustPostpone, nextLookAt, willAsk, withRemarks } from './flight.js';
import type { EngineLimits } from './limits.js';
import { parked } from './parking.js';
import type { Answer, Ports, Record } from './ports.js';
import { consequenceOf, isSent, questionOf } from './questions.js';

/** Is dealt with after everything that came before it, and changes nothing. */
const NOTHING_NEW: Event = { type: 'woken', at: 0 as Instant };

export class Flights {
  private readonly flights = new Map<GlobalTransactionId, Flight>();
  private readonly taken = new Set<Flight>();
  private readonly lazy = new Set<Flight>();
  private flushed: Promise<void> = Promise.resolve();

  constructor(
    private readonly ports: Ports,
    private readonly limits: EngineLimits,
    private readonly onEnded: (record: Record) => void,
  ) {}

  get size(): number {
    return this.flights.size;
  }

  /** Of these, how many were taken because they were due. */
  get sizeOfTaken(): number {
    return this.taken.size;
  }

  get(gtid: GlobalTransactionId): Flight | undefined {
    return this.flights.get(gtid);
  }

  /** @returns `conflict`, and nothing begun, if the idempotency key or the gtid is taken */
  async begin(flight: Flight, beginning: Beginning): Promise<'appended' | 'conflict'> {
    const other = this.flights.get(flight.gtid);
    if (other !== undefined) {
      await other.begun; // if that failed, the gtid may be free
      return other.forgotten ? this.begin(flight, beginning) : 'conflict';
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    flight.begun = promise;
    this.flights.set(flight.gtid, flight);
    flight.pumping = true;
    try {
      const deliveries = deliveriesOf(beginning);
      const verdict = await this.commit(flight, fold(flight, deliveries), beginning);
      if (verdict === 'conflict') this.forget(flight, new JournalUnavailable('begun elsewhere'));
      else if (isEnded(flight.current)) this.onEnded(flight.record());
      return verdict;
    } catch (error) {
      this.forget(flight, error);
      throw error;
    } finally {
      resolve();
      if (!flight.held) this.resume(flight);
    }
  }

  resume(flight: Flight): void {
    flight.held = flight.pumping = false;
    this.pump(flight);
  }

  /**
   * Takes a transaction into memory, or finds it there.
   * @param leasedUntil undefined if it was only read, and may be leased to somebody else
   */
  adopt(record: Record, leasedUntil: Instant | undefined): Flight {
    const known = this.flights.get(record.gtid);
    const flight = known ?? Flight.of(record);
    if (known !== undefined && known.current.version < record.transaction.version) {
      if (known.pumping) known.reloadWanted = true;
      else known.overtakenBy(record);
    }
    if (leasedUntil !== undefined) {
      flight.dueAt = leasedUntil;
      this.taken.add(flight);
    }
    this.flights.set(record.gtid, flight);
    return flight;
  }

  /**
   * Resolves once the event has been dealt with and, if it must be, is durable.
   * @returns of what a person has done: whether it was; else nothing of interest
   */
  deliver(flight: Flight, delivery: Omit<Delivery, 'settled'>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      flight.mailbox.push({ ...delivery, settled: { resolve, reject } });
      this.pump(flight);
    });
  }

  /** Does what is due, and keeps the lease. What was heard comes first: it may not be due then. */
  look(flight: Flight): void {
    if (!flight.pumping && flight.mailbox.length === 0) this.doWhatIsDue(flight);
    this.pump(flight);
  }

  lookAtAll(): void {
    for (const flight of this.flights.values()) if (flight.dueAt !== undefined) this.look(flight);
  }

  /**
   * Writes at once whatever waits for company. Resolves when that, and what was being written
   * already, is done or has failed.
   */
  flush(): Promise<void> {
    const flights = [...this.lazy];
    this.lazy.clear();
    const written = flights.map((flight): Promise<unknown> => {
      flight.flushWanted = true;
      return this.deliver(flight, { event: NOTHING_NEW });
    });
    const all = Promise.allSettled([this.flushed, ...written]); // failures are reported elsewhere
    this.flushed = all.then(() => undefined);
    return this.flushed;
  }

  /** Lets go of everything: what is still answered or written has no consequence here. */
  forgetAll(): void {
    for (const flight of this.flights.values()) {
      this.forget(flight, new JournalUnavailable('this instance has stopped'));
    }
  }

  private pump(flight: Flight): void {
    if (flight.forgotten) return;
    flight.pumpWanted = true;
    if (flight.pumping) return;
    flight.pumping = true;
    this.inBackground('pump', this.drain(flight));
  }

  private async drain(flight: Flight): Promise<void> {
    try {
      // Something may have come in after the last look of a turn, and before this one goes on.
      do flight.pumpWanted = false;
      while ((await this.turn(flight)) || flight.pumpWanted);
    } catch (error) {
      this.forget(flight, error); // E4
      if (!(error instanceof JournalUnavailable)) throw error;
      this.ports.observer.troubled('journal', error);
    } finally {
      flight.pumping = false;
    }
  }

  /** @returns whether there is more to do at once */
  private async turn(flight: Flight): Promise<boolean> {
    if (flight.reloadWanted) await this.reload(flight);
    const deliveries = flight.mailbox.splice(0);
    let candidate: Candidate;
    try {
      candidate = fold(flight, deliveries);
      flight.attempts = withRemarks(flight.attempts, candidate, this.ports.clock.now());
      if (!candidate.forced && !(flight.flushWanted && candidate.unwritten.length > 0)) {
        beforeAccepting(flight, candidate);
        flight.accept(candidate, this.ports.clock.now());
      } else if ((await this.commit(flight, candidate)) === 'conflict') {
        flight.mailbox.unshift(...deliveries);
        flight.reloadWanted = true;
        return true;
      }
    } catch (error) {
      for (const { settled } of deliveries) settled?.reject(error);
      await this.park(flight, deliveries, error);
      throw error;
    }
    flight.flushWanted = false;
    if (isEnded(flight.current)) this.onEnded(flight.record());
    for (const one of deliveries) one.settled?.resolve(isPartOf(candidate, one));
    return flight.mailbox.length > 0 || this.rest(flight);
  }

  /** E1. Durable, then sent. */
  async commit(
    flight: Flight,
    candidate: Candidate,
    { idempotency, through = this.ports.journal }: Beginning = {},
  ): Promise<'appended' | 'conflict'> {
    const now = this.ports.clock.now();
    const at = flight.endedAt ?? now; // what was told as ended is written as it was told
    const { transaction } = candidate;
    const lease = this.leasedUntil(willAsk(flight, candidate), now);
    const dueAt = nextLookAt(transaction, flight.attempts, lease, now);
    const entry = {
      ...entryOf(flight, candidate, { at, dueAt }, this.limits.stuckAttemptsMin),
      ...(idempotency === undefined ? {} : { idempotency }),
    };
    beforeAppend(flight, candidate);
    const verdict = await through.append(entry);
    if (verdict === 'conflict') return verdict;
    afterAppend(flight.written, candidate);

    flight.accept({ ...candidate, unwritten: [] }, at);
    flight.written = candidate.transaction;
    flight.attemptsWritten = entry.attempts;
    flight.dueAt = dueAt ?? undefined;
    this.ports.observer.appended(entry);
    if (!flight.forgotten) this.perform(flight, entry.line.opened);
    return verdict;
  }

  /** E3. Leaves the flight as it is if nobody was faster. */
  private async reload(flight: Flight): Promise<void> {
    flight.reloadWanted = false;
    const record = await this.ports.journal.load(flight.gtid);
    if (record === undefined) throw new JournalUnavailable(`the journal has lost ${flight.gtid}`);
    if (record.transaction.version !== flight.written?.version) flight.overtakenBy(record);
  }

  /** The deadline, or the calls whose time has come and that nobody is asking. */
  private doWhatIsDue(flight: Flight): void {
    const now = this.ports.clock.now();
    const wakeAt = wakeAtOf(flight.current);
    if (wakeAt !== undefined && wakeAt <= now) {
      flight.mailbox.push({ event: { type: 'woken', at: now } });
      return;
    }
    const isDue = (call: TokenedCall) => (nextAttemptOf(flight.attempts, call) ?? now) <= now;
    this.perform(flight, callsOf(flight.current).filter(isDue));
  }

  private perform(flight: Flight, calls: readonly TokenedCall[]): void {
    const { attend } = flight;
    flight.attend = undefined;
    if (flight.current.paused === true) return; // X4
    flight.held = attend?.(calls) ?? false;
    if (flight.held) return;
    for (const call of calls) {
      if (flight.asking.has(callKey(call))) continue;
      flight.asking.add(callKey(call));
      this.inBackground('ask', this.ask(flight, call));
    }
  }

  private async ask(flight: Flight, call: TokenedCall): Promise<void> {
    this.hear(flight, call, await this.answerOf(flight, call));
  }

  /** What comes of an answer. Nothing is awaited until it has had its effect. */
  hear(flight: Flight, call: TokenedCall, answer: Answer): void {
    flight.asking.delete(callKey(call));
    if (flight.forgotten) return; // The sweep asks again; the barrier repeats its reply.

    const { event, remark: text, failure } = consequenceOf(call, answer);
    const remark = text === undefined ? undefined : { call, text, at: this.ports.clock.now() };
    // A newer token can only come of a newer version.
    flight.reloadWanted ||= answer.type === 'stale';
    const countIfOutstanding = (): void => this.countFailure(flight, call, failure);
    if (event === undefined) countIfOutstanding();
    else {
      const settled = { resolve: countIfOutstanding, reject: ignore };
      flight.mailbox.push({ event, remark, settled });
    }
    this.pump(flight);
  }

  async answerOf(flight: Flight, call: TokenedCall): Promise<Answer> {
    try {
      const question = questionOf(flight, branchOf(flight.definition, call), call);
      const askedAt = this.ports.clock.now();
      const answer = await this.ports.participants.ask(question);
      const tookMs = this.ports.clock.now() - askedAt;
      if (isSent(answer)) this.ports.observer.answered(question, answer, tookMs);
      crashPoint('answer.received');
      return answer;
    } catch (error) {
      flight.asking.delete(callKey(call));
      throw error;
    }
  }

  /** If `call` is outstanding all the same; and sees to the next attempt. */
  private countFailure(flight: Flight, call: TokenedCall, failure: Failure): void {
    const isCall = (other: TokenedCall) =>
      other.branch === call.branch && other.token === call.token;
    if (!callsOf(flight.current).some(isCall)) return;

    const { gtid, definition } = flight;
    const { retry: policy } = branchOf(definition, call);
    const now = this.ports.clock.now();
    flight.attempts = afterFailure(flight.attempts, { gtid, call, policy }, failure, now);
    if (isExhausted(flight.attempts, call, policy)) {
      const { token: _, ...asked } = call;
      flight.mailbox.push({ event: { type: 'exhausted', call: asked } });
    }
    const at = nextAttemptOf(flight.attempts, call);
    if (at !== undefined) this.ports.wakeups.ring([{ gtid, at }]);
  }

  /** E5, E6. @returns whether there is more to do at once */
  private async rest(flight: Flight): Promise<boolean> {
    if (flight.forgotten) return false; // while it was being written: nothing is done here any more
    if (flight.unwritten.length > 0) {
      this.writeSoon(flight);
      return false;
    }
    const now = this.ports.clock.now();
    const isAsking = flight.asking.size > 0;
    const lease = this.leasedUntil(isAsking, now);
    const dueAt = nextLookAt(flight.current, flight.attempts, lease, now);
    if (dueAt !== null && flight.dueAt !== undefined) {
      const hasLease = now < flight.dueAt;
      if (!isAsking && dueAt <= now && hasLease) {
        this.doWhatIsDue(flight);
        return true;
      }
      if (mustPostpone(flight, dueAt, now, this.limits.leaseMs)) {
        await this.postpone(flight, dueAt);
        return true; // something may have been answered meanwhile
      }
    }
    if (isAsking) return false;
    this.forget(flight);
    if (dueAt !== null) this.ports.wakeups.ring([{ gtid: flight.gtid, at: dueAt }]);
    return false;
  }

  private async postpone(flight: Flight, dueAt: Instant): Promise<void> {
    const { gtid, current, attempts } = flight;
    const stuck = isStuck(attempts, current, this.limits.stuckAttemptsMin);
    const { version } = current;
    const row = { gtid, version, attempts, stuck, dueAt };
    const isKept = (await this.ports.agenda.postpone(row)) === 'postponed';
    crashPoint('postpone.durable');
    flight.attemptsWritten = attempts;
    flight.dueAt = isKept ? dueAt : undefined;
    flight.reloadWanted ||= !isKept; // E3, and without a lease now (E6)
  }

  /** If the journal will never hold what has happened: it rests, for all to see (parking.ts). */
  private async park(flight: Flight, deliveries: readonly Delivery[], why: unknown): Promise<void> {
    const resting = parked(flight, { deliveries, why }, this.limits, this.ports.clock.now());
    if (resting !== undefined) await this.ports.agenda.postpone(resting);
  }

  private writeSoon(flight: Flight): void {
    if (this.lazy.size === 0) {
      this.ports.timers.after(this.limits.lazyMs, () => this.inBackground('flush', this.flush()));
    }
    this.lazy.add(flight);
  }

  private leasedUntil(isAsking: boolean, now: Instant): Instant | undefined {
    return isAsking ? (Math.ceil(now + this.limits.leaseMs) as Instant) : undefined;
  }

  forget(flight: Flight, error?: unknown): void {
    flight.forgotten = true;
    flight.pumpWanted = false;
    this.flights.delete(flight.gtid);
    this.taken.delete(flight);
    this.lazy.delete(flight);
    for (const { settled } of flight.mailbox.splice(0)) settled?.reject(error);
  }

  /** The one way to leave a promise alone: whatever becomes of it is reported. */
  private inBackground(where: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.ports.observer.troubled(where, error));
  }
}

function ignore(): void {}
