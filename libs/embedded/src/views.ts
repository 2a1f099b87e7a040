// From the engine's records to the representations of the wire. Pure.
//
// V1. What is not there is left out: `outcome` and `endedAt` until it has ended, `nextAttemptAt`
//     but of a call that is outstanding and has failed.
import type { BranchDefinition, JournalLine, Record } from '@concordat/engine';
import { isStuck } from '@concordat/engine';
import type { WrittenLine } from '@concordat/journal';
import type { BranchId, BranchPlan, Transaction } from '@concordat/protocols';
import { assert, callsOf, resultOf, summaryOf } from '@concordat/protocols';
import type { BranchView, DecisionView, JournalView, TransactionView } from '@concordat/wire';
import { STUCK_ATTEMPTS_MIN } from '@concordat/wire';
import type { ResourceNames } from './resource-names.js';
import { timeOf } from './times.js';

type EventView = JournalView['lines'][number]['events'][number];
type PlanView = Extract<EventView, { type: 'enlisted' }>['branches'][number];

/** @param names what branches on resource managers are to be prepared as */
export function transactionView(record: Record, names: ResourceNames): TransactionView {
  const { gtid, transaction, definition, attempts, endedAt } = record;
  const { protocol, name, begunAt, deadlineAt, metadata } = definition;
  const { outcome, decision, branches } = summaryOf(transaction);
  return {
    gtid,
    protocol,
    name,
    phase: transaction.current.state.phase,
    ...(outcome === undefined ? {} : { outcome }),
    decision,
    stuck: isStuck(attempts, transaction, STUCK_ATTEMPTS_MIN),
    begunAt: timeOf(begunAt),
    ...(endedAt === null ? {} : { endedAt: timeOf(endedAt) }),
    deadlineAt: timeOf(deadlineAt),
    metadata: { ...metadata },
    branches: branches.map(({ id, state }) => branchView(record, id, state, names)),
  };
}

export function decisionView({ gtid, transaction }: Record): DecisionView {
  return { gtid, decision: summaryOf(transaction).decision };
}

export function journalView(gtid: string, written: readonly WrittenLine[]): JournalView {
  const lines = written.map(({ version, at, line }) => ({
    version,
    at: timeOf(at),
    events: line.events.map(eventView),
    opened: line.opened.map((call) => ({ ...call })),
  }));
  return { gtid, lines };
}

function branchView(record: Record, id: BranchId, state: string, names: ResourceNames): BranchView {
  const { transaction, definition, attempts } = record;
  const participant = participantOf(definition.branches, id);
  const resource = names.of(record, id, participant);
  const attempt = attempts.find(({ branch }) => branch === id);
  const result = resultOf(transaction, id);
  return {
    id,
    participant,
    ...(resource === undefined ? {} : { resource }),
    state,
    attempts: attempt?.count ?? 0,
    ...(attempt === undefined ? {} : { lastError: attempt.lastError }),
    ...(attempt === undefined || !isOutstanding(transaction, attempt)
      ? {}
      : { nextAttemptAt: timeOf(attempt.nextAttemptAt) }),
    ...(result === undefined ? {} : { result }),
  };
}

function participantOf(
  branches: readonly BranchDefinition[],
  id: BranchId,
): BranchView['participant'] {
  const branch = branches.find((candidate) => candidate.id === id);
  assert(branch !== undefined, 'every branch of a state is defined');
  return branch.participant;
}

function isOutstanding(
  transaction: Transaction,
  attempt: { branch: BranchId; token: number },
): boolean {
  return callsOf(transaction).some(
    ({ branch, token }) => branch === attempt.branch && token === attempt.token,
  );
}

function eventView(event: JournalLine['events'][number]): EventView {
  if (event.type === 'woken') return { ...event, at: timeOf(event.at) };
  if (event.type === 'enlisted') return { ...event, branches: event.branches.map(planView) };
  return event;
}

function planView(plan: BranchPlan): PlanView {
  return { ...plan, dependsOn: [...plan.dependsOn] };
}
