// Stuck transactions, grouped by what they are stuck at. Pure.
//
// Q1. A cause is a participant, an operation and a kind of error (fingerprint.ts). What is stuck at
//     two participants counts in two causes; by harm each transaction counts once.
// Q2. A cause does the harm of the worst of its transactions.
// Q3. What holds up others without being stuck itself (it waits for its initiator, say) is a cause
//     as well: of the call that is outstanding (waiting.ts).
import type { GlobalTransactionId } from '@concordat/protocols';
import type { CauseView, Harm, OverviewView } from '@concordat/wire/operations';
import type { BoardItem, StuckCall } from './board.js';
import { harmOnBoard } from './finder.js';
import { compareHarm } from './harm.js';
import type { HeuristicsRow } from './heuristics.js';
import { causeOfHeuristics } from './heuristics.js';
import { timeOf } from './stored.js';
import type { Blocking } from './waiting.js';
import { waitingCauseOf } from './waiting.js';

type Blocked = OverviewView['blocked'];

interface Group {
  readonly call: StuckCall;
  latest: StuckCall;
  harm: Harm;
  count: number;
  oldest: Pick<BoardItem, 'gtid' | 'begunAt'>;
  nextAttemptAt: number | undefined;
  sessionsBlocked: number;
}

/** @param items of tenants that may be seen. @returns the most harmful first */
export function causesOf(items: readonly BoardItem[], blocked: Blocked): CauseView[] {
  const groups = new Map<string, Group>();
  const sessions = sessionsByBranch(blocked);
  const byGtid = new Map<string, number>();
  for (const { gtid } of blocked) {
    if (gtid !== undefined) byGtid.set(gtid, (byGtid.get(gtid) ?? 0) + 1);
  }
  for (const item of items) {
    const harm = harmOnBoard(item, byGtid.get(item.gtid) ?? 0);
    if (harm === null) continue;
    for (const call of item.calls) {
      add(groups, item, call, harm, sessions.get(`${item.gtid} ${call.branch}`) ?? 0);
    }
  }
  return [...groups.values()].map(viewOf).toSorted(compare);
}

/** Q3. @param blocking what has been read of them, by gtid. @returns the most harmful first */
export function withWaiting(
  causes: readonly CauseView[],
  items: readonly BoardItem[],
  blocked: Blocked,
  blocking: ReadonlyMap<string, Blocking>,
): CauseView[] {
  const stuck = new Set<string>(
    items.flatMap(({ gtid, calls }) => (calls.length > 0 ? [gtid] : [])),
  );
  const waiting = new Map<string, CauseView>();
  const counted = new Set<string>();
  for (const session of blocked) {
    const { gtid } = session;
    const found = gtid === undefined ? undefined : blocking.get(gtid);
    if (gtid === undefined || found === undefined || stuck.has(gtid)) continue;
    const { begunAt } = found;
    const cause = waitingCauseOf(session, found);
    const { fingerprint } = cause;
    const before = waiting.get(fingerprint);
    const isNew = !counted.has(`${fingerprint} ${gtid}`);
    counted.add(`${fingerprint} ${gtid}`);
    const isOldest = before === undefined || timeOf(begunAt) < before.oldestBegunAt;
    waiting.set(fingerprint, {
      ...cause,
      harm: 'blocking',
      count: (before?.count ?? 0) + (isNew ? 1 : 0),
      oldestBegunAt: isOldest ? timeOf(begunAt) : before.oldestBegunAt,
      oldestGtid: isOldest ? gtid : before.oldestGtid,
      sessionsBlocked: (before?.sessionsBlocked ?? 0) + 1,
    });
  }
  return [...causes, ...waiting.values()].toSorted(compare);
}

/** @returns the most harmful first, as causesOf has them */
export function withHeuristics(
  causes: readonly CauseView[],
  heuristics: readonly HeuristicsRow[],
): CauseView[] {
  return [...causes, ...heuristics.map(causeOfHeuristics)].toSorted(compare);
}

/** How many transactions do which harm. */
export function countByHarm(
  items: readonly BoardItem[],
  sessionsBlocked: ReadonlyMap<GlobalTransactionId, number>,
): Partial<Record<Harm, number>> {
  const counts: Partial<Record<Harm, number>> = {};
  const onBoard = new Set<GlobalTransactionId>();
  for (const item of items) {
    onBoard.add(item.gtid);
    const harm = harmOnBoard(item, sessionsBlocked.get(item.gtid) ?? 0);
    if (harm !== null) counts[harm] = (counts[harm] ?? 0) + 1;
  }
  const others = [...sessionsBlocked.keys()].filter((gtid) => !onBoard.has(gtid)).length;
  if (others > 0) counts.blocking = (counts.blocking ?? 0) + others;
  return counts;
}

function add(
  groups: Map<string, Group>,
  item: BoardItem,
  call: StuckCall,
  harm: Harm,
  sessionsBlocked: number,
): void {
  const next = item.paused ? undefined : call.nextAttemptAt;
  const group = groups.get(call.fingerprint);
  if (group === undefined) {
    const fresh = { call, latest: call, harm, count: 1, oldest: item, sessionsBlocked };
    groups.set(call.fingerprint, { ...fresh, nextAttemptAt: next });
    return;
  }
  group.count += 1;
  group.sessionsBlocked += sessionsBlocked;
  if (call.errorAt > group.latest.errorAt) group.latest = call;
  if (compareHarm(harm, group.harm) < 0) group.harm = harm; // Q2
  if (item.begunAt < group.oldest.begunAt) group.oldest = item;
  if (next !== undefined && next < (group.nextAttemptAt ?? Infinity)) group.nextAttemptAt = next;
}

function viewOf({ call, latest, oldest, nextAttemptAt, ...group }: Group): CauseView {
  return {
    fingerprint: call.fingerprint,
    participant: call.participant,
    operation: call.operation,
    error: latest.error,
    harm: group.harm,
    count: group.count,
    oldestBegunAt: timeOf(oldest.begunAt),
    oldestGtid: oldest.gtid,
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: timeOf(nextAttemptAt) }),
    sessionsBlocked: group.sessionsBlocked,
  };
}

function compare(one: CauseView, other: CauseView): number {
  return (
    compareHarm(one.harm, other.harm) ||
    other.sessionsBlocked - one.sessionsBlocked ||
    other.count - one.count ||
    (one.oldestBegunAt < other.oldestBegunAt ? -1 : 1)
  );
}

function sessionsByBranch(blocked: Blocked): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { gtid, branch } of blocked) {
    const key = `${gtid ?? ''} ${branch ?? ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
