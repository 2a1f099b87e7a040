// What an instance does with a request of an initiator: as the HTTP API does (apps/coordinator,
// commands.controller.ts and queries.controller.ts), without the HTTP.
import type { BeginRequest, BranchDefinition, Engine, Record } from '@concordat/engine';
import { EntryRejected, JournalUnavailable, Overloaded } from '@concordat/engine';
import type {
  Decision,
  GlobalTransactionId,
  Outcome,
  TransactionEvent,
} from '@concordat/protocols';
import { summaryOf, unreachable } from '@concordat/protocols';

export type Request =
  | { readonly type: 'begin'; readonly request: BeginRequest; readonly waitMs: number }
  | { readonly type: 'find'; readonly gtid: GlobalTransactionId }
  | { readonly type: 'decision'; readonly gtid: GlobalTransactionId }
  | {
      readonly type: 'enlist';
      readonly gtid: GlobalTransactionId;
      readonly branches: readonly BranchDefinition[];
    }
  | {
      readonly type: 'wish';
      readonly gtid: GlobalTransactionId;
      readonly wish: 'commit' | 'rollback';
      readonly waitMs: number;
    }
  | {
      readonly type: 'intervene';
      readonly gtid: GlobalTransactionId;
      readonly event: TransactionEvent;
    };

export type Response =
  /** Where the transaction is; `granted` says whether what was asked for was done. */
  | {
      readonly type: 'view';
      readonly granted: boolean;
      readonly gtid: GlobalTransactionId;
      readonly phase: string;
      readonly decision: Decision;
      readonly outcome: Outcome | undefined;
      readonly deadlineAt: number;
    }
  | { readonly type: 'decision'; readonly gtid: GlobalTransactionId; readonly decision: Decision }
  /** `act` is the id of the audit line. */
  | { readonly type: 'intervened'; readonly act: string; readonly isDone: boolean }
  /** 404. */
  | { readonly type: 'unknown' }
  /** 503: it was not done, or that is not known. */
  | { readonly type: 'unavailable' };

/**
 * @param nextAct names what a person does, and never the same twice
 * @throws what is no operating error: the program is wrong
 */
export async function answer(
  engine: Engine,
  request: Request,
  nextAct: () => string,
): Promise<Response> {
  try {
    return await answerOf(engine, request, nextAct);
  } catch (error) {
    const isOperating =
      error instanceof JournalUnavailable ||
      error instanceof Overloaded ||
      error instanceof EntryRejected;
    if (isOperating) return { type: 'unavailable' };
    throw error;
  }
}

async function answerOf(
  engine: Engine,
  request: Request,
  nextAct: () => string,
): Promise<Response> {
  switch (request.type) {
    case 'begin': {
      const { gtid } = await engine.begin(request.request);
      return onceEnded(engine, gtid, request.waitMs);
    }
    case 'find':
      return viewOf(await engine.find(request.gtid), true);
    case 'decision':
      return decisionOf(engine, request.gtid);
    case 'enlist': {
      const enlisted = await engine.enlist(request.gtid, request.branches);
      if (enlisted.type === 'unknown') return { type: 'unknown' };
      return viewOf(enlisted.record, enlisted.type === 'enlisted');
    }
    case 'wish': {
      const wished = await engine.wish(request.gtid, request.wish);
      if (wished.type === 'unknown') return { type: 'unknown' };
      if (wished.type === 'contradicted') return viewOf(wished.record, false);
      return onceEnded(engine, request.gtid, request.waitMs);
    }
    case 'intervene':
      return intervene(engine, request, nextAct());
    default:
      return unreachable(request);
  }
}

async function intervene(
  engine: Engine,
  { gtid, event }: Extract<Request, { type: 'intervene' }>,
  act: string,
): Promise<Response> {
  const actor = { kind: 'key', id: 'operator', name: 'operator' } as const;
  const line = { id: act, actor, action: event.type, stage: 'done', tenant: 'default' } as const;
  const audit = { ...line, target: { gtid }, reason: 'simulated' };
  const { type } = await engine.intervene(gtid, { event, onlyIf: () => true, audit });
  return type === 'unknown' ? { type } : { type: 'intervened', act, isDone: type === 'done' };
}

/** Presumed abort: what was never heard of has not been committed, and never will be. */
async function decisionOf(engine: Engine, gtid: GlobalTransactionId): Promise<Response> {
  const record = await engine.find(gtid);
  const decision = record === undefined ? 'rollback' : summaryOf(record.transaction).decision;
  return { type: 'decision', gtid, decision };
}

async function onceEnded(
  engine: Engine,
  gtid: GlobalTransactionId,
  waitMs: number,
): Promise<Response> {
  const found = waitMs === 0 ? engine.find(gtid) : engine.untilEnded(gtid, waitMs);
  return viewOf(await found, true);
}

function viewOf(record: Record | undefined, granted: boolean): Response {
  if (record === undefined) return { type: 'unknown' };
  const { phase, decision, outcome } = summaryOf(record.transaction);
  const { gtid, definition } = record;
  const { deadlineAt } = definition;
  return { type: 'view', granted, gtid, phase, decision, outcome, deadlineAt };
}
