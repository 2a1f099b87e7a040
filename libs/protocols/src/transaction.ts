// A global transaction as the journal holds it: a protocol's state, and what any protocol needs
// beside it. Pure like the protocols; the engine is the shell around this file.
//
// X1. The version is the fencing token. An outstanding call bears the version at which it became
//     outstanding, for as long as it is; the next call of its branch bears a higher one.
// X2. A step needs to be forced (durable before anybody hears of it) if it opens a call, changes
//     the decision, or answers the initiator. Everything else may be lost: it would be asked
//     again, and answered from the participant's barrier.
// X3. A result is what a branch's own forward operation (the question that it was asked) answered;
//     it is kept with the state.
import type { Beginning, Call, Event, Summary } from './machine.js';
import { callKey } from './machine.js';
import type { ProtocolState } from './protocol.js';
import { apply, beginProtocol, outstanding, summarize } from './protocol.js';
import type { BranchId, Instant, Json, ProtocolName } from './vocabulary.js';
import { assert, isQuestion } from './vocabulary.js';

export interface Transaction {
  /** Counts the journal's appends; the first is 1. */
  readonly version: number;
  readonly current: ProtocolState;
  /** Of exactly the outstanding calls, by their keys (X1). */
  readonly tokens: Readonly<Record<string, number>>;
  readonly results: readonly BranchResult[];
}

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
  readonly applied: readonly Event[];
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
export function advance(before: Transaction, events: readonly Event[], version: number): Step {
  assert(version >= before.version, 'a version only grows');
  const applied: Event[] = [];
  let { current, results } = before;
  for (const event of events) {
    const next = apply(current, event);
    if (next === current) continue;
    applied.push(event);
    results = withResult(results, event);
    current = next;
  }
  if (applied.length === 0) return { transaction: before, applied };
  const after = withTokens({ version, current, tokens: before.tokens, results });
  return { transaction: after, applied };
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
  applied: readonly Event[],
): boolean {
  const opens = Object.keys(next.tokens).some((key) => durable.tokens[key] !== next.tokens[key]);
  const decides = summaryOf(durable).decision !== summaryOf(next).decision;
  return opens || decides || applied.some(isWish);
}

/** Something the initiator asked for, and is waiting to hear about. */
function isWish({ type }: Event): boolean {
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
