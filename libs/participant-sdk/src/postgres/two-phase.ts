// 2PC on Postgres by PREPARE TRANSACTION.
//
// The barrier's row cannot be inside the prepared transaction: until the outcome it would be
// locked, and the rollback that must write it would wait for itself. So four things together say
// where a branch is, and each is used for what it alone can say:
//
//   lock      an advisory lock of the branch, held by the transaction that does the work, and on
//             by that transaction once it is prepared:  somebody is at it, or it is prepared
//   prepared  the gid is in pg_prepared_xacts
//   marker    a row that the work writes inside itself: visible exactly if the work has committed
//   row       the barrier's row: a higher token was seen; or a vote that prepared nothing
//
//   prepare    ┌ lock ─▶ row, marker ┐ ─▶ work ─▶ ┌ marker ─▶ PREPARE TRANSACTION ┐
//              └ one query ──────────┘            └ one query ──────────────────┘
//                refused, or nothing to commit: roll back ─▶ lock ─▶ row, marker ─▶ row
//   commit     row ─▶ COMMIT PREPARED         ─▶ no such gid: lock ─▶ marker ─▶ row
//   rollback   row ─▶ ROLLBACK PREPARED       ─▶ no such gid: lock ─▶ marker
//
// E1. At most one transaction works on a branch or is prepared for it: it holds the lock.
// E2. No prepare succeeds after a rollback was acknowledged. `prepare` reads the row after it has
//     the lock, `rollback` looks for the lock after its row has committed. Whichever comes first:
//     either prepare reads the higher token, and is stale; or it had the lock before, and rollback
//     finds the lock held, or the gid. Each statement reads what had committed when it began, also
//     where several are one query (D4).
// E3. No prepare succeeds after a commit was acknowledged: the marker is visible by then. The row
//     is not needed for that, so the path that commits writes no row and forces two writes.
// E4. A missing gid says nothing by itself. With the marker it is a commit that was done before;
//     with the lock free and no marker the work is gone: rolled back by somebody else. That is a
//     heuristic, and the row is written so that no prepare comes after it (E2).
// E5. A vote that prepared nothing (refused, read-only) is recorded under the lock, so that a
//     second copy of the question cannot prepare behind it. Its work is rolled back first, which
//     lets go of the lock; nobody has heard the vote by then. So it is recorded by a transaction
//     that begins as any prepare does, and what another copy has come to in between stands: the
//     vote that it has recorded or prepared is repeated, while it works the answer is `working`,
//     and after its outcome the question is stale. Lost in between, the question is asked afresh.
// E6. A vote is given on the tag PREPARE alone. A connection lost while preparing or ending is an
//     error, hence in doubt; the next attempt reads the truth.
// E7. A gid can be seen before it is on a synchronous standby. Who votes on seeing it writes the
//     row first: that write reaches the standby after it. Whatever else is answered from what is
//     seen here, the marker, the row or their absence, goes the same way (D5).
// E8. A handler that waits too long for a lock refuses. Transactions that are prepared in two
//     databases may wait for each other there, and no database can see that: giving up ends it.
// E9. What is prepared has its marker inside. Where there is nothing to commit the marker fails,
//     and PREPARE TRANSACTION with it: an empty transaction would commit without a trace, and a
//     repeated commit would take it for work that is gone (E4).
// E10. A commit compares tokens before it commits. While decisions never change it need not: then
//     there is no rollback. But where a journal has lost a decision and the opposite was taken, a
//     rollback that is only half done (recorded, and still prepared) keeps the late commit out.
import { crashPoint } from '@concordat/crash-points';
import type { Pool, PoolClient } from 'pg';
import type { Answer, Replied } from '../answers.js';
import { acknowledged, refusal, stale, working } from '../answers.js';
import type { ResourceManager } from '../barrier.js';
import { heuristic } from '../barrier-rule.js';
import type { BranchCall } from '../handlers.js';
import { Refused, refused } from '../handlers.js';
import type { InspectedBranch } from '../inspecting.js';
import { twoPhaseInspectionOf } from '../inspecting.js';
import { inlined } from './inlined.js';
import { inspectTwoPhase } from './inspect.js';
import type { Lend } from './lend.js';
import { asItIs } from './lend.js';
import type { PostgresOptions } from './postgres-barrier.js';
import { LOCK_TIMEOUT_MS_DEFAULT } from './postgres-barrier.js';
import type { Look, LookRow } from './row.js';
import { asLook, fence, look, lookAt, record } from './row.js';
import { IS_PREPARED } from './statements/is-prepared.js';
import { MARK, MARK_TABLE } from './statements/mark.js';
import { TRY_LOCK } from './statements/try-lock.js';
import type { Opened, Worked } from './transaction.js';
import {
  codeOf,
  endPrepared,
  inTransaction,
  isLockTimeout,
  remembered,
  requireUnderWay,
} from './transaction.js';

type Work = (tx: PoolClient) => Promise<Refused | void>;

interface LockRow {
  readonly locked: boolean;
}

const prepared: Replied = { type: 'reply', reply: { type: 'prepared' } };
const readOnly: Replied = { type: 'reply', reply: { type: 'read-only' } };

/** A vote that leaves nothing to end; it counts once it is recorded (E5). */
interface NothingPrepared {
  readonly type: 'nothing-prepared';
  readonly work: 'none' | 'read-only';
  readonly vote: Replied;
}

/** How a branch is found when a transaction for it begins: the look comes after the lock (E2). */
interface Found {
  readonly locked: boolean;
  readonly seen: Look;
}

type Transact = <Value>(
  call: BranchCall,
  work: (tx: PoolClient, found: Found) => Promise<Worked<Value>>,
) => Promise<Value>;

/** @param pool of the service's own database; its server must allow prepared transactions */
export function postgresTwoPhase(
  pool: Pool,
  options: PostgresOptions = { lockTimeoutMs: LOCK_TIMEOUT_MS_DEFAULT },
): ResourceManager<PoolClient> {
  return twoPhaseOn(pool, options, asItIs);
}

/** The same, for handlers that write through what is lent to them. */
export function twoPhaseOn<Tx>(
  pool: Pool,
  options: PostgresOptions,
  lend: Lend<PoolClient, Tx>,
): ResourceManager<Tx> {
  const transact: Transact = (call, work) => {
    const statements = [inlined(TRY_LOCK, [gidOf(call)]), lookAt(call)];
    return inTransaction(
      pool,
      { ...options, statements },
      (tx, [lock, row]: Opened<readonly [LockRow, LookRow]>) =>
        work(tx, { locked: lock.rows[0]?.locked === true, seen: asLook(call, row.rows[0]) }),
    );
  };
  return {
    prepare: (call, work) => prepare(transact, call, (tx) => lend(tx, work)),
    commit: async (call) =>
      (await commitPrepared(pool, call)) ??
      transact(call, (tx, found) => settleCommit(tx, call, found)),
    rollback: async (call) =>
      (await rollbackPrepared(pool, call)) ?? transact(call, settleRollback),
    inspect: async (branch) =>
      twoPhaseInspectionOf(await inspectTwoPhase(pool, branch, gidOf(branch))),
  };
}

async function prepare(transact: Transact, call: BranchCall, work: Work): Promise<Answer> {
  const came = await transact(
    call,
    async (tx, found) => (await voteSoFar(tx, call, found)) ?? attempt(tx, call, work),
  ).catch(readOnlyIfNothing);
  if (came.type !== 'nothing-prepared') {
    crashPoint('prepare.done');
    return came;
  }
  return transact(
    call,
    async (tx, found) => (await voteSoFar(tx, call, found)) ?? recordVote(tx, call, came),
  );
}

/** @returns undefined if there is no vote yet, and this transaction has the lock to give one */
async function voteSoFar(
  tx: PoolClient,
  call: BranchCall,
  { locked, seen }: Found,
): Promise<Worked<Answer> | undefined> {
  if (!locked) return voteOfAnother(tx, call);
  if (seen.type === 'lower' || seen.committed) return { value: stale, end: 'rollback' }; // E2, E3
  if (seen.type === 'equal' && seen.reply !== null) return remembered(tx, seen.reply); // D5
  return undefined;
}

async function attempt(
  tx: PoolClient,
  call: BranchCall,
  work: Work,
): Promise<Worked<Answer | NothingPrepared>> {
  const no = await work(tx).catch(refuseToWait);
  requireUnderWay(tx); // D7
  if (no instanceof Refused) {
    const vote = refusal(no.reason);
    return { value: { type: 'nothing-prepared', work: 'none', vote }, end: 'rollback' };
  }
  const last = inlined(MARK, [call.gtid, call.branch]);
  crashPoint('prepare.before');
  return { value: prepared, end: { last, prepare: gidOf(call) } }; // E6
}

/** Somebody holds the lock: another copy of this call, or what it has prepared. */
async function voteOfAnother(tx: PoolClient, call: BranchCall): Promise<Worked<Answer>> {
  const { rows } = await tx.query<{ prepared: boolean }>(IS_PREPARED, [gidOf(call)]);
  if (rows[0]?.prepared !== true) return { value: working, end: 'rollback' };
  const seen = await fence(tx, call);
  if (seen.type === 'lower') return { value: stale, end: 'rollback' };
  await record(tx, call, seen.work, null); // E7
  return { value: prepared, end: 'commit' };
}

/** E5. */
async function recordVote(
  tx: PoolClient,
  call: BranchCall,
  { work, vote }: NothingPrepared,
): Promise<Worked<Answer>> {
  const seen = await fence(tx, call);
  if (seen.type === 'lower') return { value: stale, end: 'rollback' };
  await record(tx, call, work, vote);
  return { value: vote, end: 'commit' };
}

/** @returns undefined if no such transaction is prepared, or it is over already */
async function commitPrepared(pool: Pool, call: BranchCall): Promise<Answer | undefined> {
  const seen = await look(pool, call);
  if (seen.type === 'lower') return stale; // E10
  if (answerSoFar(seen) !== undefined) return undefined;
  crashPoint('commit.before');
  const answer = await end(pool, inlined('commit prepared $1', [gidOf(call)]));
  crashPoint('commit.done');
  return answer;
}

/** What a commit is answered that was answered before, or comes after the work has committed. */
function answerSoFar(seen: Exclude<Look, { type: 'lower' }>): Answer | undefined {
  if (seen.committed || seen.work === 'completed' || seen.work === 'read-only') return acknowledged;
  return seen.type === 'equal' && seen.reply !== null ? seen.reply : undefined;
}

/** E4: nothing is prepared under the gid of `call`. */
async function settleCommit(
  tx: PoolClient,
  call: BranchCall,
  { locked, seen }: Found,
): Promise<Worked<Answer>> {
  if (seen.type === 'lower') return { value: stale, end: 'rollback' };
  const answer = answerSoFar(seen);
  if (answer !== undefined) return remembered(tx, answer); // D5
  if (!locked) return { value: working, end: 'rollback' };
  const fenced = await fence(tx, call);
  if (fenced.type === 'lower') return { value: stale, end: 'rollback' };
  await record(tx, call, 'undone', heuristic('rollback'));
  return { value: heuristic('rollback'), end: 'commit' };
}

/** @returns undefined if no such transaction is prepared, or the work is committed */
async function rollbackPrepared(pool: Pool, call: BranchCall): Promise<Answer | undefined> {
  const seen = await fence(pool, call); // E2: committed before the lock is looked for
  if (seen.type === 'lower') return stale;
  if (seen.work === 'completed') return undefined;
  crashPoint('rollback.before');
  const answer = await end(pool, inlined('rollback prepared $1', [gidOf(call)]));
  crashPoint('rollback.done');
  return answer;
}

/** E2, E4: nothing is prepared under the gid of the call. D5: it may have been, a moment ago. */
async function settleRollback(tx: PoolClient, { locked, seen }: Found): Promise<Worked<Answer>> {
  const isCompleted = seen.type !== 'lower' && seen.work === 'completed';
  if (seen.committed || isCompleted) return remembered(tx, heuristic('commit'));
  return locked ? remembered(tx, acknowledged) : { value: working, end: 'rollback' };
}

const UNDEFINED_OBJECT = '42704';
const OBJECT_NOT_IN_PREREQUISITE_STATE = '55000';

/** @returns undefined if there is no such gid */
async function end(pool: Pool, statement: string): Promise<Answer | undefined> {
  try {
    await endPrepared(pool, statement);
    return acknowledged;
  } catch (error) {
    if (codeOf(error) === UNDEFINED_OBJECT) return undefined;
    if (codeOf(error) === OBJECT_NOT_IN_PREREQUISITE_STATE) return working; // another is ending it
    throw error; // E6
  }
}

/** E8. */
function refuseToWait(error: unknown): Refused {
  if (isLockTimeout(error)) return refused('waited too long for a lock');
  throw error;
}

const NOT_NULL_VIOLATION = '23502';

/** E9. Everything else is an error. */
function readOnlyIfNothing(error: unknown): NothingPrepared {
  if (codeOf(error) !== NOT_NULL_VIOLATION || !isAboutMark(error)) throw error;
  return { type: 'nothing-prepared', work: 'read-only', vote: readOnly };
}

function isAboutMark(error: unknown): boolean {
  return error instanceof Error && 'table' in error && error.table === MARK_TABLE;
}

function gidOf({ gtid, branch }: InspectedBranch): string {
  return `concordat:${gtid}:${branch}`;
}
