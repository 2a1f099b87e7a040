// The engine: what the coordinator can be asked, and the sweep that nothing escapes.
//
//   initiator ─▶ begin, enlist, wish ─▶ flights.ts ─▶ journal, participants
//   wakeup    ─▶ wake ──────────────────────▲
//   sweep     ─▶ what is due ───────────────┘
import { crashPoint } from '@concordat/crash-points';
import type {
  Event,
  GlobalTransactionId,
  Instant,
  ProtocolName,
  TransactionEvent,
} from '@concordat/protocols';
import { assert, beginTransaction, isEnded, summaryOf } from '@concordat/protocols';
import { Attended } from './attended.js';
import type { AuditLine } from './audit.js';
import type { BranchDefinition, Definition } from './definition.js';
import { planOf } from './definition.js';
import { JournalUnavailable, Overloaded } from './errors.js';
import type { Delivery, Intervening } from './flight.js';
import { Flight } from './flight.js';
import { Flights } from './flights.js';
import type { EngineLimits } from './limits.js';
import type { Entry, Journal, Ports, Record } from './ports.js';
import { Waiting } from './waiting.js';

const OVERLOADED_RETRY_AFTER_MS = 1_000;
const STOP_POLL_MS = 20;
/** How soon a transaction that somebody waits for is looked at again, at first and at most. */
const LOOK_AGAIN_MIN_MS = 100;
const LOOK_AGAIN_MAX_MS = 1_000;

export interface BeginRequest {
  readonly protocol: ProtocolName;
  readonly name: string | null;
  /** Whose it is; absent: that of `default`. */
  readonly tenant?: string;
  readonly metadata: Readonly<{ [key: string]: string }>;
  readonly deadlineMs: number;
  readonly traceparent: string | null;
  readonly branches: readonly BranchDefinition[];
  /** False: stay active and let branches enlist. */
  readonly driven: boolean;
  readonly idempotency?: Entry['idempotency'];
}

/** A transaction that has gone some way before the journal hears of it. */
export interface Arrival {
  /** It had to be known before: branches are prepared under it. */
  readonly gtid: GlobalTransactionId;
  readonly begunAt: Instant;
  /** What has happened, such as votes: written with the beginning, as one version. */
  readonly already: readonly Event[];
  /** If a person has asked for it: written in the same commit. There is an event then. */
  readonly audit?: AuditLine;
  /** Where that version is written, if not by the engine's own journal. */
  readonly through?: Pick<Journal, 'append'>;
}

export interface Begun {
  /** `attached`: the key has made this transaction before. `key-reused`: with another body. */
  readonly type: 'begun' | 'attached' | 'key-reused';
  readonly gtid: GlobalTransactionId;
}

export type Enlisted =
  | { readonly type: 'enlisted' | 'not-active' | 'duplicate' | 'too-many'; readonly record: Record }
  | { readonly type: 'unknown' };

/** What a person does: an intervention, a wish, or a reply in a participant's place. */
export interface InterventionRequest extends Intervening {
  readonly event: TransactionEvent;
}

/** `refused`: `onlyIf` no longer held, or the protocol would not hear of it; nothing was done. */
export type Intervened =
  | { readonly type: 'done' | 'refused'; readonly record: Record }
  | { readonly type: 'unknown' };

export type Wished =
  | { readonly type: 'granted' | 'contradicted'; readonly record: Record }
  | { readonly type: 'unknown' };

export class Engine {
  private readonly flights: Flights;
  private readonly attended: Attended;
  private readonly waiting = new Waiting();
  /** What is being taken from the agenda: leased to this instance, but not in its memory yet. */
  private readonly takes = new Set<Promise<unknown>>();
  private stopping = false;
  private cancelSweep: () => void = () => {};

  constructor(
    private readonly ports: Ports,
    private readonly limits: EngineLimits,
  ) {
    const onEnded = (record: Record): void => this.waiting.ended(record);
    this.flights = new Flights(ports, limits, onEnded);
    this.attended = new Attended(ports, limits, this.flights, onEnded);
  }

  /** Sweeps now, and then every `sweepPeriodMs` until `stop`. */
  start(): void {
    this.sweepAfter(0);
  }

  /** Transactions in this process's memory. */
  inFlight(): number {
    return this.flights.size;
  }

  /**
   * Makes a transaction durable and lets its first calls go.
   * @throws Overloaded if nothing was begun, JournalUnavailable if that is not known
   */
  async begin(request: BeginRequest): Promise<Begun> {
    this.admit();
    const { idempotency } = request;
    const gtid = this.ports.ids.next();
    const flight = this.flightOf(request, gtid, this.ports.clock.now());
    const verdict = await this.flights.begin(flight, { idempotency });
    if (verdict === 'appended') return { type: 'begun', gtid };
    assert(idempotency !== undefined, 'a new id conflicts with nothing');
    return this.attach(idempotency);
  }

  /**
   * Begins a transaction of which something has happened already; what is then outstanding goes
   * its way. Of all that arrive with one gtid, whenever and wherever, one alone is begun: so the
   * arrival that brings the votes, and the one that presumes an abort, exclude each other.
   * @returns `known`, and nothing was written, if a transaction was ever begun with this gtid
   * @throws Overloaded if nothing was begun, JournalUnavailable if that is not known
   */
  async arrive(
    request: Omit<BeginRequest, 'idempotency'>,
    arrival: Arrival,
  ): Promise<'begun' | 'known'> {
    this.admit();
    const { gtid, begunAt, already, audit, through } = arrival;
    const flight = this.flightOf(request, gtid, begunAt);
    const verdict = await this.attended.begin(flight, { already, audit, through });
    return verdict === 'appended' ? 'begun' : 'known';
  }

  /** Durable before it resolves. Repeating the same enlistment is fine. */
  async enlist(
    gtid: GlobalTransactionId,
    branches: readonly BranchDefinition[],
  ): Promise<Enlisted> {
    const known = await this.find(gtid);
    if (known === undefined) return { type: 'unknown' };
    const joining = unknownOf(known.definition, branches);
    const { branchesMax } = this.limits;
    const event = { type: 'enlisted' as const, branches: joining.map(planOf) };
    const record =
      joining.length === 0 ? known : await this.deliver(known, { event, joining, branchesMax });
    const missing = unknownOf(record.definition, branches).length;
    if (missing === 0) {
      return { type: areAsAsked(record.definition, branches) ? 'enlisted' : 'duplicate', record };
    }
    if (record.transaction.current.state.phase !== 'active') return { type: 'not-active', record };
    const total = record.definition.branches.length + missing;
    return { type: total > branchesMax ? 'too-many' : 'duplicate', record };
  }

  /** The initiator's wish for an outcome: granted unless the opposite can no longer be undone. */
  async wish(gtid: GlobalTransactionId, wish: 'commit' | 'rollback'): Promise<Wished> {
    const known = await this.find(gtid);
    if (known === undefined) return { type: 'unknown' };
    const record = await this.deliver(known, { event: { type: `${wish}-requested` } });
    return { type: isGranted(wish, record) ? 'granted' : 'contradicted', record };
  }

  /**
   * Does what a person has asked for, if its precondition holds at that very moment. The audit line
   * is written in the same commit.
   * @throws JournalUnavailable if it is not known whether it was done
   */
  async intervene(
    gtid: GlobalTransactionId,
    { event, ...intervention }: InterventionRequest,
  ): Promise<Intervened> {
    const known = await this.find(gtid);
    if (known === undefined) return { type: 'unknown' };
    if (isEnded(known.transaction)) return { type: 'refused', record: known };
    const flight = this.flights.adopt(known, undefined);
    const isDone = await this.flights.deliver(flight, { event, intervention });
    return { type: isDone ? 'done' : 'refused', record: flight.record() };
  }

  /** As it is now: what is in flight from memory, anything else from the journal. */
  async find(gtid: GlobalTransactionId): Promise<Record | undefined> {
    const flight = this.flights.get(gtid);
    // Without a lease, another instance may know more.
    if (flight?.written !== undefined && flight.dueAt !== undefined) return flight.record();
    return this.ports.journal.load(gtid);
  }

  /**
   * The transaction once it has ended, or as it is when `timeoutMs` are over. Its end is heard of
   * at once if it comes about here; at another instance, it is looked for again and again.
   */
  async untilEnded(gtid: GlobalTransactionId, timeoutMs: number): Promise<Record | undefined> {
    let leftMs = timeoutMs; // by timers: the database's clock may be set
    for (let lookAgainMs = LOOK_AGAIN_MIN_MS; ; lookAgainMs = longer(lookAgainMs)) {
      const waitMs = Math.min(leftMs, lookAgainMs);
      const waiter = this.waiting.forEnd(gtid, waitMs, this.ports.timers);
      const now = await this.find(gtid);
      const isOver = leftMs <= 0 || this.waiting.isReleased;
      if (now === undefined || isEnded(now.transaction) || isOver) {
        waiter.cancel();
        return now;
      }
      const ended = await waiter.ended;
      if (ended !== undefined) return ended;
      leftMs -= waitMs;
    }
  }

  /** Once this resolves, the journal holds whatever initiators have been told so far. */
  async written(): Promise<void> {
    await Promise.all([this.attended.flush(), this.flights.flush()]);
  }

  /** A wakeup has rung: a hint, and harmless if it is wrong. */
  async wake(gtid: GlobalTransactionId): Promise<void> {
    if (this.stopping) return;
    const flight = this.flights.get(gtid);
    if (flight?.dueAt !== undefined) return this.flights.look(flight);
    if (this.roomForDue() === 0) return;
    const record = await this.taking(this.ports.agenda.take(gtid, this.limits.leaseMs));
    if (record !== undefined) this.takeOver(record);
  }

  /**
   * Finishes what is in flight or, when `timeoutMs` are over, hands it to whoever comes. Whoever
   * waits for an end is told where the transaction is then.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.stopping = true;
    this.cancelSweep();
    for (let leftMs = timeoutMs; this.flights.size > 0 && leftMs > 0; leftMs -= STOP_POLL_MS) {
      const pause = new Promise<void>((resolve) => this.ports.timers.after(STOP_POLL_MS, resolve));
      await Promise.race([pause, this.written()]); // which may hang with the journal
      await pause;
    }
    this.waiting.release();
    this.flights.forgetAll();
    await Promise.allSettled(this.takes); // or their leases would come after the handing over
    await this.ports.agenda.handOver();
  }

  private flightOf(
    request: Omit<BeginRequest, 'idempotency'>,
    gtid: GlobalTransactionId,
    begunAt: Instant,
  ): Flight {
    const { protocol, branches, driven } = request;
    assert(branches.length <= this.limits.branchesMax, 'the request was checked for its branches');
    const definition = definitionOf(request, begunAt);
    const transaction = beginTransaction(protocol, {
      branches: branches.map(planOf),
      deadline: definition.deadlineAt,
      driven,
    });
    return new Flight(gtid, { transaction, definition });
  }

  private admit(): void {
    if (this.stopping)
      throw new Overloaded('the coordinator is stopping', OVERLOADED_RETRY_AFTER_MS);
    if (this.room() > 0) return;
    const what = `${this.limits.inFlightMax} transactions are in flight, the most that is allowed`;
    throw new Overloaded(what, OVERLOADED_RETRY_AFTER_MS);
  }

  private room(): number {
    return Math.max(0, this.limits.inFlightMax - this.flights.size);
  }

  /** Half of the memory at most: however many are stuck, a begin finds room. */
  private roomForDue(): number {
    const share = Math.ceil(this.limits.inFlightMax / 2);
    return Math.min(this.room(), Math.max(0, share - this.flights.sizeOfTaken));
  }

  private async attach({ key, digest }: NonNullable<Entry['idempotency']>): Promise<Begun> {
    const known = await this.ports.journal.findByKey(key);
    // Taken a moment ago and gone by now: its retention ended just in between.
    if (known === undefined) throw new JournalUnavailable('the idempotency key has just expired');
    return { type: known.digest === digest ? 'attached' : 'key-reused', gtid: known.gtid };
  }

  private async deliver(to: Record, delivery: Omit<Delivery, 'settled'>): Promise<Record> {
    const flight = this.flights.adopt(to, undefined);
    await this.flights.deliver(flight, delivery);
    return flight.record();
  }

  private async taking<Taken>(take: Promise<Taken>): Promise<Taken> {
    this.takes.add(take);
    try {
      return await take;
    } finally {
      this.takes.delete(take);
    }
  }

  private takeOver(record: Record): void {
    if (this.stopping) return; // `stop` hands it over
    const leasedUntil = this.ports.clock.now() + this.limits.leaseMs;
    this.flights.look(this.flights.adopt(record, Math.ceil(leasedUntil) as Instant));
  }

  private sweepAfter(delayMs: number): void {
    if (this.stopping) return;
    this.cancelSweep = this.ports.timers.after(delayMs, () => {
      this.sweep().then(
        (isMore) => this.sweepAfter(isMore ? 0 : this.limits.sweepPeriodMs),
        (error: unknown) => {
          this.ports.observer.troubled('sweep', error);
          this.sweepAfter(this.limits.sweepPeriodMs);
        },
      );
    });
  }

  /** @returns whether there is more to take at once */
  private async sweep(): Promise<boolean> {
    this.attended.look();
    this.flights.lookAtAll();
    const limit = Math.min(this.limits.sweepBatchMax, this.roomForDue());
    if (limit === 0) return false;
    const due = await this.taking(this.ports.agenda.takeDue(limit, this.limits.leaseMs));
    if (due.length > 0) crashPoint('sweep.taken');
    for (const record of due) this.takeOver(record);
    return due.length === this.limits.sweepBatchMax;
  }
}

function longer(lookAgainMs: number): number {
  return Math.min(2 * lookAgainMs, LOOK_AGAIN_MAX_MS);
}

function definitionOf(request: Omit<BeginRequest, 'idempotency'>, begunAt: Instant): Definition {
  const { protocol, name, tenant, metadata, traceparent, branches, deadlineMs } = request;
  const begun = Math.floor(begunAt) as Instant;
  const deadlineAt = (begun + deadlineMs) as Instant;
  const whose = tenant === undefined ? {} : { tenant };
  return { protocol, name, ...whose, metadata, traceparent, branches, begunAt: begun, deadlineAt };
}

function unknownOf(
  { branches: known }: Definition,
  branches: readonly BranchDefinition[],
): readonly BranchDefinition[] {
  return branches.filter(({ id }) => !known.some((branch) => branch.id === id));
}

/** What the registry says of a participant may have changed since; what was asked for has not. */
function areAsAsked({ branches: known }: Definition, asked: readonly BranchDefinition[]): boolean {
  return asked.every((branch) => {
    const same = known.find(({ id }) => id === branch.id);
    return same !== undefined && isSame({ ...same, onePhase: branch.onePhase }, branch);
  });
}

/** The order of keys aside. */
function isSame(left: unknown, right: unknown): boolean {
  if (!isObject(left) || !isObject(right)) return left === right;
  const keys = Object.keys(left);
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]));
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/** Once decided, only the decision is granted. Before, the wish has been heard or came too late. */
function isGranted(wish: 'commit' | 'rollback', { transaction }: Record): boolean {
  const { decision, phase } = summaryOf(transaction);
  if (decision !== 'undecided') return decision === wish;
  return wish === 'commit' && phase !== 'active';
}
