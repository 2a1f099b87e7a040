// One transaction that this process is working on. Data and the pure steps on it; who awaits what
// is `flights.ts`.
//
//   mailbox ──fold──▶ candidate ──forced?──▶ append ──▶ current          what anybody may be told
//                         └──────not forced───────────▶ current, unwritten
//
// F1. `current` is durable, or differs from what is by events that need not be (X2 in
//     transaction.ts). So nothing that is visible can be taken back, and no decision is visible
//     before it is durable.
// F2. What is unwritten goes into the next append, in order.
// F3. An append that is not waited for can be lost, and another instance then writes a version of
//     the same number. So only the last version of a transaction is written so: on any other, this
//     instance might build the next, and the journal compares numbers alone.
// F4. What a participant has said beside its reply is evidence for people. It goes with the reply,
//     so that it is kept whenever that is: also where another instance was faster.
import type {
  BranchId,
  Event,
  GlobalTransactionId,
  Instant,
  Json,
  TokenedCall,
  Transaction,
  TransactionEvent,
} from '@concordat/protocols';
import { advance, assert, callsOf, isEnded, mustBeForced, wakeAtOf } from '@concordat/protocols';
import { askedAtOnce, nextAttemptOf, withRemark } from './attempts.js';
import type { AuditLine } from './audit.js';
import type { BranchDefinition, Definition } from './definition.js';
import type { Attempts, Entry, Journal, Record } from './ports.js';

/** An event on its way in, and whoever waits to hear that it has been dealt with. */
export interface Delivery {
  readonly event: TransactionEvent;
  /** With `enlisted`: the definitions of the branches that join. */
  readonly joining?: readonly BranchDefinition[];
  /** With `enlisted`: how many branches there may be then. */
  readonly branchesMax?: number;
  /** With a reply: what the participant has said beside it (F4). */
  readonly remark?: Remark | undefined;
  /** Of what a person does. */
  readonly intervention?: Intervening;
  readonly settled?: { resolve(isApplied: boolean): void; reject(error: unknown): void };
}

/** What goes with an event that a person has asked for. */
export interface Intervening {
  /** Proves the precondition again, on what the event would be applied to. Pure. */
  readonly onlyIf: (transaction: Transaction, definition: Definition) => boolean;
  /** With `amended`: what the branch is told instead. */
  readonly payload?: { readonly branch: BranchId; readonly payload: Json };
  readonly audit: AuditLine;
}

/** What is special about the first version of a transaction. */
export interface Beginning {
  readonly idempotency?: Entry['idempotency'];
  /** What has happened before the journal hears of it. */
  readonly already?: readonly Event[] | undefined;
  /** Of the person who has asked for it. */
  readonly audit?: AuditLine | undefined;
  /** Where it is written, if not by the engine's own journal. */
  readonly through?: Pick<Journal, 'append'> | undefined;
}

export interface Remark {
  readonly call: TokenedCall;
  readonly text: string;
  readonly at: Instant;
}

/** What the transaction becomes once the deliveries are applied. */
export interface Candidate {
  readonly transaction: Transaction;
  readonly definition: Definition;
  /** Everything that the journal does not hold yet, that of earlier candidates included (F2). */
  readonly unwritten: readonly Delivery[];
  readonly forced: boolean;
}

const RELOADS_MAX = 1_000;

/** When a transaction is due that a person has paused and no deadline moves: the year 9999. */
const NOT_BY_ITSELF = 253_370_764_800_000 as Instant;

export class Flight {
  readonly mailbox: Delivery[] = [];
  /** Resolves when its first append is durable, or has failed. */
  begun: Promise<void> = Promise.resolve();
  /** The calls under way, by their keys. */
  readonly asking = new Set<string>();
  /** What the journal holds; undefined until the begin is durable. */
  written: Transaction | undefined;
  current: Transaction;
  definition: Definition;
  attempts: Attempts;
  endedAt: Instant | null;
  unwritten: readonly Delivery[] = [];
  /** What we have last written as `due_at`; undefined if the lease is not ours. */
  dueAt: Instant | undefined;
  attemptsWritten: Attempts;
  /** In a row, that have found nothing further. */
  reloads = 0;
  pumping = false;
  /** Something has come in since the turn that is under way began. */
  pumpWanted = false;
  flushWanted = false;
  /** The journal may know better than this flight does. */
  reloadWanted = false;
  /** May take the calls that the first version opens (attended.ts). */
  attend: ((calls: readonly TokenedCall[]) => boolean) | undefined;
  /** It has taken them: the turn goes on until the flight is resumed. */
  held = false;
  /** No longer in the engine's memory: whatever comes for it is dropped and asked again. */
  forgotten = false;

  constructor(
    readonly gtid: GlobalTransactionId,
    start: { readonly transaction: Transaction; readonly definition: Definition },
  ) {
    this.current = start.transaction;
    this.definition = start.definition;
    this.attempts = this.attemptsWritten = [];
    this.endedAt = null;
  }

  static of(record: Record): Flight {
    const flight = new Flight(record.gtid, record);
    flight.restore(record);
    return flight;
  }

  /** Takes the journal's word for everything. */
  restore({ transaction, definition, attempts, endedAt }: Record): void {
    this.written = this.current = transaction;
    this.definition = definition;
    this.attempts = this.attemptsWritten = attempts;
    this.endedAt = endedAt;
    this.unwritten = [];
    this.dueAt = undefined;
  }

  /** Another instance was faster: its word counts, and what is unwritten here comes after it. */
  overtakenBy(record: Record): void {
    const isFurther = record.transaction.version > (this.written?.version ?? 0);
    this.reloads = isFurther ? 0 : this.reloads + 1; // people may act upon it for ever
    assert(this.reloads <= RELOADS_MAX, 'whoever was faster has gone further');
    this.mailbox.unshift(...this.unwritten);
    this.restore(record);
  }

  /** F1: an accepted candidate is what anybody may be told. */
  accept({ transaction, definition, unwritten }: Candidate, at: Instant): void {
    if (isEnded(transaction) && !isEnded(this.current)) this.endedAt = at;
    this.current = transaction;
    this.definition = definition;
    this.unwritten = unwritten;
  }

  record(): Record {
    const { gtid, current, definition, attempts, endedAt } = this;
    return { gtid, transaction: current, definition, attempts, endedAt };
  }
}

/** Applies `deliveries`, in order, to what the flight is now. Changes nothing. */
export function fold(flight: Flight, deliveries: readonly Delivery[]): Candidate {
  const written = flight.written;
  const version = (written?.version ?? 0) + 1;
  let { current: transaction, definition } = flight;
  const applied: Delivery[] = [];
  for (const delivery of deliveries) {
    if (clashes(definition, delivery)) continue;
    if (delivery.intervention?.onlyIf(transaction, definition) === false) continue;
    const step = advance(transaction, [delivery.event], version);
    if (step.applied.length === 0) continue;
    transaction = step.transaction;
    definition = redefined(definition, delivery);
    applied.push(withoutListener(delivery));
  }
  const unwritten = [...flight.unwritten, ...applied];
  const events = unwritten.map(({ event }) => event);
  const isAudited = unwritten.some(({ intervention }) => intervention !== undefined);
  const forced = written === undefined || isAudited || mustBeForced(written, transaction, events);
  return { transaction, definition, unwritten, forced };
}

/** F4. What the attempts are with the remarks, and the hurry, of whatever is unwritten. */
export function withRemarks(attempts: Attempts, { unwritten }: Candidate, now: Instant): Attempts {
  return unwritten.reduce((before, { event, remark }) => {
    if (event.type === 'hurried') return askedAtOnce(before, now);
    return remark === undefined ? before : withRemark(before, remark.call, remark.text, remark.at);
  }, attempts);
}

/** Whoever waits is told once, when the delivery is dealt with: not again by a later append. */
function withoutListener({ event, joining, remark, intervention }: Delivery): Delivery {
  return {
    event,
    ...(joining && { joining }),
    ...(remark && { remark }),
    ...(intervention && { intervention }),
  };
}

/** As one version with the beginning. */
export function deliveriesOf({ already = [], audit }: Beginning): readonly Delivery[] {
  const by = audit === undefined ? {} : { intervention: { onlyIf: () => true, audit } };
  return already.map((event, at) => ({ event, ...(at === 0 ? by : {}) }));
}

/** A branch id is enlisted once, whatever comes second; and no more branches than may be. */
function clashes({ branches }: Definition, { joining = [], branchesMax }: Delivery): boolean {
  const ids = joining.map(({ id }) => id);
  if (branchesMax !== undefined && branches.length + ids.length > branchesMax) return true;
  return branches.some(({ id }) => ids.includes(id));
}

function redefined(definition: Definition, { joining = [], intervention }: Delivery): Definition {
  const amended = intervention?.payload;
  if (joining.length === 0 && amended === undefined) return definition;
  const branches = definition.branches.map((branch) =>
    branch.id === amended?.branch ? { ...branch, payload: amended.payload } : branch,
  );
  return { ...definition, branches: [...branches, ...joining] };
}

/** Whether the delivery has become part of what the candidate says. */
export function isPartOf({ unwritten }: Candidate, { intervention }: Delivery): boolean {
  return unwritten.some(
    (one) => one.intervention !== undefined && one.intervention === intervention,
  );
}

/** The append that makes `candidate` durable. */
export function entryOf(
  flight: Flight,
  candidate: Candidate,
  when: { readonly at: Instant; readonly dueAt: Instant | null },
  stuckAttemptsMin: number,
): Entry {
  const { transaction, definition, unwritten, forced } = candidate;
  const begins = flight.written === undefined;
  const events = unwritten.map(({ event }) => event);
  const redefines =
    begins ||
    unwritten.some(({ joining, intervention }) => (joining ?? intervention?.payload) !== undefined);
  const audit = unwritten.flatMap(({ intervention }) => intervention?.audit ?? []);
  return {
    gtid: flight.gtid,
    transaction,
    ...(redefines ? { definition } : {}),
    forced: forced || !isEnded(transaction), // F3
    line: {
      events: begins ? [{ type: 'begun' }, ...events] : events,
      opened: callsOf(transaction).filter(({ token }) => token === transaction.version),
    },
    attempts: flight.attempts,
    stuck: isStuck(flight.attempts, transaction, stuckAttemptsMin),
    ...(audit.length === 0 ? {} : { audit }),
    ...when,
  };
}

/**
 * Whether calls are under way, or are made once the candidate is durable: those that it opens, and
 * after a resumption or a hurry, whatever is due. The lease is kept for them.
 */
export function willAsk({ asking }: Flight, { transaction, unwritten }: Candidate): boolean {
  if (asking.size > 0) return true;
  if (transaction.paused === true) return false;
  return opensCalls(transaction) || unwritten.some(({ event }) => setsGoing(event));
}

function setsGoing({ type }: TransactionEvent): boolean {
  return type === 'resumed' || type === 'hurried';
}

function opensCalls(transaction: Transaction): boolean {
  return callsOf(transaction).some(({ token }) => token === transaction.version);
}

/** A call that is still outstanding has failed so often that a person should know. */
export function isStuck(attempts: Attempts, transaction: Transaction, min: number): boolean {
  const tokens = new Set(callsOf(transaction).map(({ branch, token }) => `${branch}:${token}`));
  return attempts.some((one) => one.count >= min && tokens.has(`${one.branch}:${one.token}`));
}

/**
 * When somebody must look at the transaction again if this process says nothing more of it.
 * @param leasedUntil while calls are under way: when others may think that this process is dead
 * @returns null exactly if it has ended
 */
export function nextLookAt(
  transaction: Transaction,
  attempts: Attempts,
  leasedUntil: Instant | undefined,
  now: Instant,
): Instant | null {
  if (isEnded(transaction)) return null;
  if (leasedUntil !== undefined) return leasedUntil;
  const calls = transaction.paused === true ? [] : callsOf(transaction);
  const retries = calls.map((call) => nextAttemptOf(attempts, call) ?? now);
  const wakeAt = wakeAtOf(transaction) ?? NOT_BY_ITSELF;
  return Math.ceil(Math.min(...retries, wakeAt)) as Instant;
}

/**
 * Whether the row must be told what `dueAt` is now, and what attempts have left behind. An idle
 * transaction's row must say the truth; while calls are under way, the lease must not run out.
 */
export function mustPostpone(
  flight: Flight,
  dueAt: Instant,
  now: Instant,
  leaseMs: number,
): boolean {
  if (flight.dueAt === undefined) return false;
  if (flight.asking.size > 0) return flight.dueAt - now < leaseMs / 2;
  if (flight.attempts !== flight.attemptsWritten) return true;
  return dueAt !== flight.dueAt && Math.max(dueAt, flight.dueAt) > now; // else it is due as it is
}
