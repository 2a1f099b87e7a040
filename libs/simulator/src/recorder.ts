// Keeps the history of a run while it happens.
//
// The atomicity of a transaction is checked as soon as anything happens to it: only what has just
// changed is looked at, and a failure is found where it comes about.
import type { Answer, Entry } from '@concordat/engine';
import type { Call, Outcome } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { ArrivalsPlan } from './arrivals-plan.js';
import { planNameOf } from './arrivals-plan.js';
import { atomicity } from './checkers/atomicity.js';
import type {
  Act,
  BranchHistory,
  CallCounts,
  Effect,
  Told,
  TransactionHistory,
  VersionHistory,
} from './history.js';
import type { BranchPlan, TransactionPlan } from './plan.js';

/** What must be known of a transaction's plan to tell its history. */
type KnownPlan = TransactionPlan | ArrivalsPlan['transactions'][number];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface RecordedBranch extends BranchHistory {
  readonly breaches: string[];
  readonly effects: Effect[];
  readonly calls: Mutable<CallCounts>;
  /** The highest token that has had an effect, and the keys of all calls that were delivered. */
  highestToken: number;
  readonly delivered: Set<string>;
}

interface RecordedTransaction extends TransactionHistory {
  readonly branches: RecordedBranch[];
  readonly versions: VersionHistory[];
  readonly told: Told[];
  readonly acts: Act[];
}

export class Recorder {
  readonly complaints: string[] = [];
  readonly transactions = new Map<string, RecordedTransaction>();
  /** How often surrogates came to a phase. */
  readonly surrogatePhases = new Map<string, number>();
  /** What became of transactions that arrive, and what recovery did, by its name. */
  readonly arrivals = new Map<string, number>();
  private readonly plans: ReadonlyMap<string, KnownPlan>;
  private effects = 0;

  constructor(plans: readonly KnownPlan[]) {
    this.plans = new Map(plans.map((plan) => [plan.name, plan]));
  }

  complain(what: string): void {
    if (!this.complaints.includes(what)) this.complaints.push(what);
  }

  /** A version of the journal has become durable. */
  version(entry: Entry, state: string): void {
    const { gtid, transaction, definition, line, dueAt, stuck, audit = [] } = entry;
    const { phase, decision, outcome } = summaryOf(transaction);
    const recorded = this.transaction(gtid);
    for (const { id } of definition?.branches ?? []) this.branch(gtid, id);
    recorded.versions.push({
      version: transaction.version,
      phase,
      decision,
      outcome,
      dueAt,
      stuck,
      state,
      outstanding: Object.keys(transaction.tokens),
      line,
      isPaused: transaction.paused === true,
      audit: audit.map(({ id }) => id),
      definition,
    });
    this.check(recorded);
  }

  told(
    gtid: string,
    whom: Told['whom'],
    decision: Told['decision'],
    outcome: Outcome | undefined,
  ): void {
    const { told } = this.transaction(gtid);
    const last = told.at(-1);
    if (last?.whom === whom && last.decision === decision && last.outcome === outcome) return;
    told.push({ whom, decision, outcome });
  }

  /** An instance has answered a person. */
  intervened(gtid: string, act: string, isDone: boolean): void {
    this.transaction(gtid).acts.push({ act, isDone });
    this.arrival(isDone ? 'intervened' : 'not intervened');
  }

  effect(gtid: string, branch: string, type: Effect['type']): void {
    this.branch(gtid, branch).effects.push({ type, order: ++this.effects });
    this.check(this.transaction(gtid));
  }

  /** A database was restored from a copy in which the effect had not come about yet. */
  undone(gtid: string, branch: string, type: Effect['type']): void {
    const { effects } = this.branch(gtid, branch);
    const at = effects.findLastIndex((effect) => effect.type === type);
    if (at >= 0) effects.splice(at, 1);
  }

  arrival(what: string): void {
    this.arrivals.set(what, (this.arrivals.get(what) ?? 0) + 1);
  }

  breach(gtid: string, branch: string, what: string): void {
    const { breaches } = this.branch(gtid, branch);
    if (!breaches.includes(what)) breaches.push(what);
  }

  /** Some participant of the transaction has broken its contract. */
  isBroken(gtid: string): boolean {
    return this.transaction(gtid).branches.some(({ breaches }) => breaches.length > 0);
  }

  /** @param key identifies the call among those of its branch */
  delivered(gtid: string, branch: string, token: number, key: string): void {
    const { versions } = this.transaction(gtid);
    // Who makes a call has read the version that opened it, or a later one.
    const since = versions.filter(({ version }) => version >= token);
    if (since.length > 0 && since.every(({ isPaused }) => isPaused)) {
      this.complain(`${gtid}: ${key} was sent to ${branch}, and it is paused`);
    }
    const { calls, delivered } = this.branch(gtid, branch);
    calls.delivered += 1;
    if (delivered.has(key)) calls.duplicates += 1;
    delivered.add(key);
  }

  /** A participant that is fenced by tokens has answered a call. */
  stepped(gtid: string, branch: string, token: number, answer: Answer['type']): void {
    const recorded = this.branch(gtid, branch);
    const { calls } = recorded;
    const isStale = token < recorded.highestToken;
    if (isStale) calls.staleAttempted += 1;
    if (isStale && answer !== 'stale') calls.staleAccepted += 1;
    if (answer !== 'reply') return;
    recorded.highestToken = Math.max(recorded.highestToken, token);
  }

  /** A participant of 3PC, which is fenced by ballots, has answered a call. */
  balloted(gtid: string, call: Call, promised: number, isAccepted: boolean): void {
    const isAttempt = call.operation === 'pre-commit' || call.operation === 'pre-abort';
    if (!isAttempt || (call.ballot ?? 0) >= promised) return;
    const { calls } = this.branch(gtid, call.branch);
    calls.staleAttempted += 1;
    if (isAccepted) calls.staleAccepted += 1;
  }

  /** A participant of 3PC stands in for its coordinator, and has come to this phase. */
  stoodIn(phase: string): void {
    this.surrogatePhases.set(phase, (this.surrogatePhases.get(phase) ?? 0) + 1);
  }

  branch(gtid: string, id: string): RecordedBranch {
    const { branches } = this.transaction(gtid);
    const known = branches.find((branch) => branch.id === id);
    if (known !== undefined) return known;
    const branch = recordedBranch(this.planOf(gtid, id));
    branches.push(branch);
    return branch;
  }

  transaction(gtid: string): RecordedTransaction {
    let recorded = this.transactions.get(gtid);
    if (recorded === undefined) {
      const { protocol, key } = this.transactionPlan(gtid);
      recorded = { gtid, protocol, key, branches: [], versions: [], told: [], acts: [] };
      this.transactions.set(gtid, recorded);
    }
    return recorded;
  }

  planOf(gtid: string, branch: string): BranchPlan {
    const plan = this.transactionPlan(gtid).branches.find(({ id }) => id === branch);
    if (plan === undefined) throw new RangeError(`${gtid} has no branch ${branch}`);
    return plan;
  }

  private transactionPlan(gtid: string): KnownPlan {
    const plan = this.plans.get(planNameOf(gtid));
    if (plan === undefined) throw new RangeError(`no plan for ${gtid}`);
    return plan;
  }

  private check(recorded: RecordedTransaction): void {
    for (const complaint of atomicity(recorded)) this.complain(complaint);
  }
}

function recordedBranch(plan: BranchPlan): RecordedBranch {
  const { id, participant, dependsOn, pivot, amount } = plan;
  return {
    id,
    participant,
    dependsOn,
    pivot,
    amount,
    breaches: [],
    effects: [],
    calls: { delivered: 0, duplicates: 0, staleAttempted: 0, staleAccepted: 0 },
    highestToken: 0,
    delivered: new Set(),
  };
}
