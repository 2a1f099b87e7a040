// The transactions that this process is working on, and the one loop that moves them.
//
//   deliver ──▶ mailbox ──pump──▶ fold ──▶ 1. append ──▶ 2. perform ──▶ ask ──answer──▶ deliver
//                           ▲                                           │
//                           └──────────── conflict: the journal's word ─┘ failed: asked again later
//
// E1. Durable, then sent: `commit` appends and then performs; no other function does either.
// E2. One append of a transaction at a time: replies that arrive meanwhile go into the next.
// E3. A conflict means that another instance was faster. Its state is loaded, and what is unwritten
//     here is applied to that; late or double replies then say nothing new.
// E4. After an error of the journal this process knows nothing: it forgets the transaction, and the
//     sweep finds it again. Recovery has no code of its own.
// E5. A transaction of which nothing is under way is put on the agenda and leaves the memory.
import type { Event, GlobalTransactionId, Instant, TokenedCall } from '@concordat/protocols';
import { assert, callKey, callsOf, isEnded, wakeAtOf } from '@concordat/protocols';
import type { Failure } from './attempts.js';
import { afterFailure, isExhausted, nextAttemptOf } from './attempts.js';
import type { BranchDefinition, Definition } from './definition.js';
import { JournalUnavailable } from './errors.js';
import type { Candidate, Delivery } from './flight.js';
import { entryOf, Flight, fold, isStuck, nextLookAt } from './flight.js';
import type { EngineLimits } from './limits.js';
import type { Attempts, Entry, Ports, Record } from './ports.js';
import { consequenceOf, questionOf } from './questions.js';

const RELOADS_MAX = 1_000;
/** Is dealt with after everything that came before it, and changes nothing. */
const NOTHING_NEW: Event = { type: 'woken', at: 0 as Instant };

export class Flights {
  private readonly flights = new Map<GlobalTransactionId, Flight>();
  private readonly lazy = new Set<Flight>();

  constructor(
    private readonly ports: Ports,
    private readonly limits: EngineLimits,
    private readonly onEnded: (record: Record) => void,
  ) {}

  get size(): number {
    return this.flights.size;
  }

  get(gtid: GlobalTransactionId): Flight | undefined {
    return this.flights.get(gtid);
  }

  /** @returns `conflict`, and nothing begun, if the idempotency key is taken */
  async begin(flight: Flight, idempotency: Entry['idempotency']): Promise<'appended' | 'conflict'> {
    this.flights.set(flight.gtid, flight);
    flight.pumping = true;
    try {
      const verdict = await this.commit(flight, fold(flight, []), idempotency);
      if (verdict === 'conflict') this.forget(flight);
      else if (isEnded(flight.current)) this.onEnded(flight.record());
      return verdict;
    } catch (error) {
      this.forget(flight, error);
      throw error;
    } finally {
      flight.pumping = false;
      this.pump(flight);
    }
  }

  /**
   * Takes a transaction into memory, or finds it there.
   * @param leasedUntil undefined if it was only read, and may be leased to somebody else
   */
  adopt(record: Record, leasedUntil: Instant | undefined): Flight {
    const known = this.flights.get(record.gtid);
    const flight = known ?? Flight.of(record);
    if (known !== undefined && known.current.version < record.transaction.version) {
      known.reloadWanted = true;
    }
    if (leasedUntil !== undefined) flight.dueAt = leasedUntil;
    this.flights.set(record.gtid, flight);
    return flight;
  }

  /** Resolves once the event has been dealt with and, if it must be, is durable. */
  deliver(flight: Flight, delivery: Omit<Delivery, 'settled'>): Promise<void> {
    return new Promise((resolve, reject) => {
      flight.mailbox.push({ ...delivery, settled: { resolve, reject } });
      this.pump(flight);
    });
  }

  /** Does what is due: the deadline, and durable calls that nobody is asking. */
  look(flight: Flight): void {
    const now = this.ports.clock.now();
    const wakeAt = wakeAtOf(flight.current);
    if (wakeAt !== undefined && wakeAt <= now) {
      flight.mailbox.push({ event: { type: 'woken', at: now } });
    } else if (!flight.pumping) {
      const isDue = (call: TokenedCall) => (nextAttemptOf(flight.attempts, call) ?? now) <= now;
      this.perform(flight, callsOf(flight.current).filter(isDue));
    }
    this.pump(flight);
  }

  lookAtAll(): void {
    for (const flight of this.flights.values()) if (flight.dueAt !== undefined) this.look(flight);
  }

  /** Writes at once whatever waits for company. Resolves when that is done, or has failed. */
  async flush(): Promise<void> {
    const flights = [...this.lazy];
    this.lazy.clear();
    const written = flights.map((flight) => {
      flight.flushWanted = true;
      return this.deliver(flight, { event: NOTHING_NEW });
    });
    await Promise.allSettled(written); // a failure is reported where it is caught
  }

  private pump(flight: Flight): void {
    if (flight.pumping || flight.forgotten) return;
    flight.pumping = true;
    this.inBackground('pump', this.drain(flight));
  }

  private async drain(flight: Flight): Promise<void> {
    try {
      while (await this.turn(flight));
    } catch (error) {
      this.forget(flight, error); // E4
      if (!(error instanceof JournalUnavailable)) throw error;
      this.ports.observer.troubled('journal', error);
    } finally {
      flight.pumping = false;
    }
    // Something may have come in after the last look into the mailbox.
    if (flight.mailbox.length > 0) this.pump(flight);
  }

  /** @returns whether there is more to do at once */
  private async turn(flight: Flight): Promise<boolean> {
    if (flight.reloadWanted) await this.reload(flight);
    const deliveries = flight.mailbox.splice(0);
    try {
      const candidate = fold(flight, deliveries);
      if (!candidate.forced && !(flight.flushWanted && candidate.unwritten.length > 0)) {
        flight.accept(candidate, this.ports.clock.now());
      } else if ((await this.commit(flight, candidate)) === 'conflict') {
        flight.mailbox.unshift(...deliveries);
        flight.reloadWanted = true;
        return true;
      }
    } catch (error) {
      for (const { settled } of deliveries) settled?.reject(error);
      throw error;
    }
    flight.flushWanted = false;
    if (isEnded(flight.current)) this.onEnded(flight.record());
    for (const { settled } of deliveries) settled?.resolve();
    return flight.mailbox.length > 0 || this.rest(flight);
  }

  /** E1. Durable, then sent. */
  private async commit(
    flight: Flight,
    candidate: Candidate,
    idempotency?: Entry['idempotency'],
  ): Promise<'appended' | 'conflict'> {
    const now = this.ports.clock.now();
    const at = flight.endedAt ?? now; // what was told as ended is written as it was told
    const dueAt = this.dueAtOnceOpened(flight, candidate, now);
    const entry = {
      ...entryOf(flight, candidate, { at, dueAt }, this.limits.stuckAttemptsMin),
      ...(idempotency === undefined ? {} : { idempotency }),
    };
    const verdict = await this.ports.journal.append(entry);
    if (verdict === 'conflict') return verdict;

    flight.accept({ ...candidate, unwritten: [] }, at);
    flight.written = candidate.transaction;
    flight.attemptsWritten = entry.attempts;
    flight.dueAt = dueAt ?? undefined;
    this.ports.observer.appended(entry);
    this.perform(flight, entry.line.opened);
    return verdict;
  }

  /** E3. Leaves the flight as it is if nobody was faster. */
  private async reload(flight: Flight): Promise<void> {
    flight.reloadWanted = false;
    const record = await this.ports.journal.load(flight.gtid);
    if (record === undefined) throw new JournalUnavailable(`the journal has lost ${flight.gtid}`);
    if (record.transaction.version === flight.written?.version) return;
    assert(++flight.reloads <= RELOADS_MAX, 'a protocol ends after finitely many versions');
    flight.mailbox.unshift(...flight.unwritten);
    flight.restore(record);
  }

  private perform(flight: Flight, calls: readonly TokenedCall[]): void {
    for (const call of calls) {
      if (flight.asking.has(callKey(call))) continue;
      const branch = branchOf(flight.definition, call);
      flight.asking.set(callKey(call), (this.ports.clock.now() + branch.timeoutMs) as Instant);
      this.inBackground('ask', this.ask(flight, branch, call));
    }
  }

  private async ask(flight: Flight, branch: BranchDefinition, call: TokenedCall): Promise<void> {
    const question = questionOf(flight, branch, call);
    const askedAt = this.ports.clock.now();
    const answer = await this.ports.participants.ask(question);
    this.ports.observer.answered(question, answer, this.ports.clock.now() - askedAt);
    flight.asking.delete(callKey(call));
    if (flight.forgotten) return; // The sweep asks again; the barrier repeats its reply.

    const { event, remark, failure } = consequenceOf(call, answer);
    const fail = (): void => this.fail(flight, branch, call, failure);
    if (remark !== undefined) flight.attempts = this.noting(flight, branch, call, remark);
    // A newer token can only come of a newer version.
    flight.reloadWanted ||= answer.type === 'stale';
    if (event === undefined) fail();
    else flight.mailbox.push({ event, settled: { resolve: fail, reject: () => {} } });
    this.pump(flight);
  }

  /** Counts a failed attempt if `call` is outstanding all the same, and sees to the next one. */
  private fail(
    flight: Flight,
    branch: BranchDefinition,
    call: TokenedCall,
    failure: Failure,
  ): void {
    const isCall = (other: TokenedCall) =>
      other.branch === call.branch && other.token === call.token;
    if (!callsOf(flight.current).some(isCall)) return;

    flight.attempts = this.noting(flight, branch, call, failure);
    if (isExhausted(flight.attempts, call, branch.retry)) {
      const { token: _, ...asked } = call;
      flight.mailbox.push({ event: { type: 'exhausted', call: asked } });
    }
    const at = nextAttemptOf(flight.attempts, call);
    if (at !== undefined) this.ports.wakeups.ring([{ gtid: flight.gtid, at }]);
  }

  private noting(
    { gtid, attempts }: Flight,
    { retry: policy }: BranchDefinition,
    call: TokenedCall,
    what: Failure,
  ): Attempts {
    return afterFailure(attempts, { gtid, call, policy }, what, this.ports.clock.now());
  }

  /** E5. @returns whether there is more to do at once */
  private async rest(flight: Flight): Promise<boolean> {
    if (flight.unwritten.length > 0) {
      this.writeSoon(flight);
      return false;
    }
    const now = this.ports.clock.now();
    const dueAt = nextLookAt(flight.current, flight.attempts, this.leasedUntil(flight), now);
    if (dueAt !== null && mustPostpone(flight, dueAt)) {
      await this.postpone(flight, dueAt);
      if (flight.mailbox.length > 0) return true;
    }
    if (flight.asking.size > 0) return false;
    this.forget(flight);
    if (dueAt !== null) this.ports.wakeups.ring([{ gtid: flight.gtid, at: dueAt }]);
    return false;
  }

  private async postpone(flight: Flight, dueAt: Instant): Promise<void> {
    const { gtid, current, attempts } = flight;
    const stuck = isStuck(attempts, current, this.limits.stuckAttemptsMin);
    const { version } = current;
    await this.ports.agenda.postpone({ gtid, version, attempts, stuck, dueAt });
    flight.attemptsWritten = attempts;
    flight.dueAt = dueAt;
  }

  private writeSoon(flight: Flight): void {
    if (this.lazy.size === 0) {
      this.ports.timers.after(this.limits.lazyMs, () => this.inBackground('flush', this.flush()));
    }
    this.lazy.add(flight);
  }

  /** What `due_at` must be while the calls that `candidate` opens are under way. */
  private dueAtOnceOpened(flight: Flight, candidate: Candidate, now: Instant): Instant | null {
    const { transaction, definition } = candidate;
    const opened = callsOf(transaction).filter(({ token }) => token === transaction.version);
    const ends = opened.map((call) => now + branchOf(definition, call).timeoutMs);
    const last = Math.max(flight.askedUntil() ?? 0, ...ends);
    const leasedUntil = last === 0 ? undefined : leaseOver(last, this.limits);
    return nextLookAt(transaction, flight.attempts, leasedUntil, now);
  }

  private leasedUntil(flight: Flight): Instant | undefined {
    const last = flight.askedUntil();
    return last === undefined ? undefined : leaseOver(last, this.limits);
  }

  private forget(flight: Flight, error?: unknown): void {
    flight.forgotten = true;
    this.flights.delete(flight.gtid);
    this.lazy.delete(flight);
    for (const { settled } of flight.mailbox.splice(0)) settled?.reject(error);
  }

  /** The one way to leave a promise alone: whatever becomes of it is reported. */
  private inBackground(where: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.ports.observer.troubled(where, error));
  }
}

/** Idle: whenever the row would tell the next one otherwise. Else only to keep the lease. */
function mustPostpone(flight: Flight, dueAt: Instant): boolean {
  if (flight.dueAt === undefined) return false;
  const askedUntil = flight.askedUntil();
  if (askedUntil !== undefined) return askedUntil > flight.dueAt;
  return flight.attempts !== flight.attemptsWritten || dueAt !== flight.dueAt;
}

function leaseOver(askedUntil: number, { leaseMs }: EngineLimits): Instant {
  return Math.ceil(askedUntil + leaseMs) as Instant;
}

function branchOf({ branches }: Definition, call: TokenedCall): BranchDefinition {
  const branch = branches.find(({ id }) => id === call.branch);
  assert(branch !== undefined, 'a call is for an enlisted branch');
  return branch;
}
