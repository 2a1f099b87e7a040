// A global transaction as the journal holds it: a protocol's state, and what any protocol needs
// beside it. Pure like the protocols; the engine is the shell around this file.
//
// X1. The version is the fencing token. An outstanding call bears the version at which it became
//     outstanding, for as long as it is; the next call of its branch bears a higher one.
// X2. A step needs to be forced (durable before anybody hears of it) if it opens a call, changes
//     the decision, or answers the initiator. Everything else may be lost: it would be asked
//     again, and answered from the participant's barrier.
//     What a person does to it is always forced: its audit line must not be there without it.
// X3. A result is what a branch's own forward operation (the question that it was asked) answered;
//     it is kept with the state.
// X4. An intervention changes what the shell does about the state, never the state of the protocol:
//     a pause holds back calls, but no reply and no deadline. What a person says in the place of a
//     participant is no intervention but a reply, and the protocol takes it as such.
import type { Beginning, Call, Event, Summary } from './machine.js';
import { callKey } from './machine.js';
import type { ProtocolState } from './protocol.js';
import { apply, beginProtocol, outstanding, summarize } from './protocol.js';
import type { BranchId, Instant, Json, ProtocolName } from './vocabulary.js';
import { assert, isQuestion, unreachable } from './vocabulary.js';

export interface Transaction {
  /** Counts the journal's appends; the first is 1. */
  readonly version: number;
  readonly current: ProtocolState;
  /** Of exactly the outstanding calls, by their keys (X1). */
  readonly tokens: Readonly<Record<string, number>>;
  readonly results: readonly BranchResult[];
  /** A person holds back whatever is outstanding. */
  readonly paused?: true;
}

/** What a person does to a transaction, without telling it anything about its branches. */
export type Intervention =
  | { readonly type: 'paused' | 'resumed' }
  /** What is outstanding is to be asked now, however long its back-off would be. */
  | { readonly type: 'hurried' }
  /** The outstanding call of the branch is opened anew, under a new token. */
  | { readonly type: 'replayed'; readonly branch: BranchId }
  /** What the branch is told was changed, before anybody has told it. */
  | { readonly type: 'amended'; readonly branch: BranchId };

/** Everything that changes a transaction. */
export type TransactionEvent = Event | Intervention;

export interface BranchResult {
  readonly branch: BranchId;
  readonly result: Json;
}

/** A call to perform, with the fencing token that it bears. */
export interface TokenedCall extends Call {
  readonly token: number;
}

/** What came of some events. */
export interface Step {
  readonly transaction: Transaction;
  /** The events that said something new, in order; the others are not worth a line. */
  readonly applied: readonly TransactionEvent[];
}

/** @returns the transaction at version 1, which the journal does not hold yet */
export function beginTransaction(protocol: ProtocolName, beginning: Beginning): Transaction {
  const current = beginProtocol(protocol, beginning);
  return withTokens({ version: 1, current, tokens: {}, results: [] });
}

/**
 * Applies `events` to what will become version `version` of the transaction.
 * @returns the very same transaction, and nothing applied, if none of them says anything new
 */
export function advance(
  before: Transaction,
  events: readonly TransactionEvent[],
  version: number,
): Step {
  assert(version >= before.version, 'a version only grows');
  const applied: TransactionEvent[] = [];
  let transaction = before;
  for (const event of events) {
    const next = afterOne(transaction, event);
    if (next === transaction) continue;
    applied.push(event);
    transaction = next;
  }
  if (applied.length === 0) return { transaction: before, applied };
  return { transaction: withTokens({ ...transaction, version }), applied };
}

/** @returns the very same transaction if the event says nothing new; tokens are not given yet */
function afterOne(before: Transaction, event: TransactionEvent): Transaction {
  if (isIntervention(event)) return intervene(before, event);
  const current = apply(before.current, event);
  if (current === before.current) return before;
  return { ...before, current, results: withResult(before.results, event) };
}

const interventions: ReadonlySet<TransactionEvent['type']> = new Set<Intervention['type']>([
  'paused',
  'resumed',
  'hurried',
  'replayed',
  'amended',
]);

export function isIntervention(event: TransactionEvent): event is Intervention {
  return interventions.has(event.type);
}

/** X4. */
function intervene(before: Transaction, event: Intervention): Transaction {
  if (isEnded(before)) return before;
  const { paused, ...going } = before;
  const { calls } = outstanding(before.current);
  switch (event.type) {
    case 'paused':
      return paused === true ? before : { ...before, paused: true };
    case 'resumed':
      return paused === true ? going : before;
    case 'hurried':
      return calls.length === 0 ? before : { ...before };
    case 'replayed': {
      const call = calls.find(({ branch }) => branch === event.branch);
      if (call === undefined) return before;
      const { [callKey(call)]: _, ...tokens } = before.tokens;
      return { ...before, tokens };
    }
    case 'amended':
      return calls.some(({ branch }) => branch === event.branch) ? before : { ...before };
    default:
      return unreachable(event);
  }
}

/** The calls outstanding in `transaction`, with their tokens. */
export function callsOf(transaction: Transaction): readonly TokenedCall[] {
  return outstanding(transaction.current).calls.map((call) => ({
    ...call,
    token: tokenOf(transaction, call),
  }));
}

/** When the event `woken` is due; undefined where no deadline can change anything. */
export function wakeAtOf(transaction: Transaction): Instant | undefined {
  return outstanding(transaction.current).wakeAt;
}

export function summaryOf(transaction: Transaction): Summary {
  return summarize(transaction.current);
}

export function isEnded(transaction: Transaction): boolean {
  return transaction.current.state.phase === 'ended';
}

export function resultOf(transaction: Transaction, branch: BranchId): Json | undefined {
  return transaction.results.find((entry) => entry.branch === branch)?.result;
}

/** X2. `applied` led from `durable`, which the journal holds, to `next`, which it does not yet. */
export function mustBeForced(
  durable: Transaction,
  next: Transaction,
  applied: readonly TransactionEvent[],
): boolean {
  const opens = Object.keys(next.tokens).some((key) => durable.tokens[key] !== next.tokens[key]);
  const decides = summaryOf(durable).decision !== summaryOf(next).decision;
  return opens || decides || applied.some(isWish) || applied.some(isIntervention);
}

/** Something the initiator asked for, and is waiting to hear about. */
function isWish({ type }: TransactionEvent): boolean {
  return type === 'enlisted' || type === 'commit-requested' || type === 'rollback-requested';
}

function withTokens(transaction: Transaction): Transaction {
  const { version, tokens: before } = transaction;
  const keys = outstanding(transaction.current).calls.map(callKey);
  return {
    ...transaction,
    tokens: Object.fromEntries(keys.map((key) => [key, before[key] ?? version])),
  };
}

function tokenOf(transaction: Transaction, call: Call): number {
  const token = transaction.tokens[callKey(call)];
  assert(token !== undefined, 'an outstanding call has a token');
  return token;
}

function withResult(results: readonly BranchResult[], event: Event): readonly BranchResult[] {
  if (event.type !== 'replied' || event.result === undefined) return results;
  if (!isQuestion(event.call.operation)) return results; // X3
  const { branch } = event.call;
  return [...results.filter((r) => r.branch !== branch), { branch, result: event.result }];
}
