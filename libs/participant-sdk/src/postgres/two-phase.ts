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
//   prepare    lock ─▶ row, marker ─▶ work ─▶ marker ─▶ PREPARE TRANSACTION
//   commit     row ─▶ COMMIT PREPARED         ─▶ no such gid: lock ─▶ marker ─▶ row
//   rollback   row ─▶ ROLLBACK PREPARED       ─▶ no such gid: lock ─▶ marker
//
// E1. At most one transaction works on a branch or is prepared for it: it holds the lock.
// E2. No prepare succeeds after a rollback was acknowledged. `prepare` reads the row after it has
//     the lock, `rollback` looks for the lock after its row has committed. Whichever comes first:
//     either prepare reads the higher token, and is stale; or it had the lock before, and rollback
//     finds the lock held, or the gid. Each statement reads what had committed when it began.
// E3. No prepare succeeds after a commit was acknowledged: the marker is visible by then. The row
//     is not needed for that, so the path that commits writes no row and forces two writes.
// E4. A missing gid says nothing by itself. With the marker it is a commit that was done before;
//     with the lock free and no marker the work is gone: rolled back by somebody else. That is a
//     heuristic, and the row is written so that no prepare comes after it (E2).
// E5. A vote that prepared nothing (refused, read-only) is recorded under the lock, so that a
//     second copy of the question cannot prepare behind it.
// E6. A vote is given on the tag PREPARE alone. A connection lost while preparing or ending is an
//     error, hence in doubt; the next attempt reads the truth.
// E7. A gid can be seen before it is on a synchronous standby. Who votes on seeing it writes the
//     row first: that write reaches the standby after it.
// E8. A handler that waits too long for a lock refuses. Transactions that are prepared in two
//     databases may wait for each other there, and no database can see that: giving up ends it.
import { assert } from '@concordat/protocols';
import type { Pool, PoolClient } from 'pg';
import type { Answer, Replied } from '../answers.js';
import { acknowledged, refusal, stale, working } from '../answers.js';
import type { ResourceManager } from '../barrier.js';
import { heuristic } from '../barrier-rule.js';
import type { BranchCall } from '../handlers.js';
import { Refused, refused } from '../handlers.js';
import type { PostgresOptions } from './postgres-barrier.js';
import { LOCK_TIMEOUT_MS_DEFAULT } from './postgres-barrier.js';
import { fence, look, record } from './row.js';
import { IS_PREPARED } from './statements/is-prepared.js';
import { MARK } from './statements/mark.js';
import { TRY_LOCK } from './statements/try-lock.js';
import type { Worked } from './transaction.js';
import { codeOf, inTransaction, isLockTimeout } from './transaction.js';

type Work = (tx: PoolClient) => Promise<Refused | void>;

const prepared: Replied = { type: 'reply', reply: { type: 'prepared' } };
const readOnly: Replied = { type: 'reply', reply: { type: 'read-only' } };

/** @param pool of the service's own database; its server must allow prepared transactions */
export function postgresTwoPhase(
  pool: Pool,
  { lockTimeoutMs }: PostgresOptions = { lockTimeoutMs: LOCK_TIMEOUT_MS_DEFAULT },
): ResourceManager<PoolClient> {
  const transact = (work: (tx: PoolClient) => Promise<Worked<Answer>>): Promise<Answer> =>
    inTransaction(pool, lockTimeoutMs, work);
  return {
    prepare: (call, work) => transact((tx) => prepare(tx, call, work)),
    commit: async (call) =>
      (await commitPrepared(pool, call)) ?? transact((tx) => settleCommit(tx, call)),
    rollback: async (call) =>
      (await rollbackPrepared(pool, call)) ?? transact((tx) => settleRollback(tx, call)),
  };
}

async function prepare(tx: PoolClient, call: BranchCall, work: Work): Promise<Worked<Answer>> {
  if (!(await tryLock(tx, call))) return voteOfAnother(tx, call);
  const seen = await look(tx, call); // E2: after the lock
  if (seen.type === 'lower' || seen.committed) return { value: stale, end: 'rollback' }; // E3
  if (seen.type === 'equal' && seen.reply !== null) return { value: seen.reply, end: 'rollback' };

  await tx.query('savepoint work');
  const no = await work(tx).catch(refuseToWait);
  if (no instanceof Refused) {
    await tx.query('rollback to savepoint work');
    return voteWithoutPreparing(tx, call, 'none', refusal(no.reason));
  }
  const { rowCount } = await tx.query(MARK, [call.gtid, call.branch]);
  if (rowCount === 0) return voteWithoutPreparing(tx, call, 'read-only', readOnly);
  return { value: prepared, end: { prepare: gidOf(call) } }; // E6
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
async function voteWithoutPreparing(
  tx: PoolClient,
  call: BranchCall,
  becomes: 'none' | 'read-only',
  vote: Replied,
): Promise<Worked<Answer>> {
  const seen = await fence(tx, call);
  if (seen.type === 'lower') return { value: stale, end: 'rollback' };
  await record(tx, call, becomes, vote);
  return { value: vote, end: 'commit' };
}

/** @returns undefined if no such transaction is prepared */
async function commitPrepared(pool: Pool, call: BranchCall): Promise<Answer | undefined> {
  const seen = await look(pool, call);
  if (seen.type === 'lower') return stale;
  if (seen.committed || seen.work === 'completed' || seen.work === 'read-only') return acknowledged;
  if (seen.type === 'equal' && seen.reply !== null) return seen.reply;
  return end(pool, `commit prepared '${gidOf(call)}'`);
}

/** E4: nothing is prepared under the gid of `call`. */
async function settleCommit(tx: PoolClient, call: BranchCall): Promise<Worked<Answer>> {
  const locked = await tryLock(tx, call);
  const seen = await look(tx, call);
  if (seen.committed) return { value: acknowledged, end: 'rollback' };
  if (!locked) return { value: working, end: 'rollback' };
  const fenced = await fence(tx, call);
  if (fenced.type === 'lower') return { value: stale, end: 'rollback' };
  await record(tx, call, 'undone', heuristic('rollback'));
  return { value: heuristic('rollback'), end: 'commit' };
}

/** @returns undefined if no such transaction is prepared */
async function rollbackPrepared(pool: Pool, call: BranchCall): Promise<Answer | undefined> {
  const seen = await fence(pool, call); // E2: committed before the lock is looked for
  if (seen.type === 'lower') return stale;
  if (seen.work === 'completed') return heuristic('commit');
  return end(pool, `rollback prepared '${gidOf(call)}'`);
}

/** E2, E4: nothing is prepared under the gid of `call`. */
async function settleRollback(tx: PoolClient, call: BranchCall): Promise<Worked<Answer>> {
  const locked = await tryLock(tx, call);
  const { committed } = await look(tx, call);
  if (committed) return { value: heuristic('commit'), end: 'rollback' };
  return { value: locked ? acknowledged : working, end: 'rollback' };
}

const UNDEFINED_OBJECT = '42704';
const OBJECT_NOT_IN_PREREQUISITE_STATE = '55000';

/** Outside a transaction, as Postgres wants it. @returns undefined if there is no such gid */
async function end(pool: Pool, statement: string): Promise<Answer | undefined> {
  try {
    await pool.query(statement);
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

async function tryLock(tx: PoolClient, call: BranchCall): Promise<boolean> {
  const { rows } = await tx.query<{ locked: boolean }>(TRY_LOCK, [gidOf(call)]);
  return rows[0]?.locked === true;
}

const GID = /^[A-Za-z0-9_.:-]{1,199}$/;

/** PREPARE TRANSACTION takes no parameters: the gid becomes part of the statement's text. */
function gidOf({ gtid, branch }: BranchCall): string {
  const gid = `concordat:${gtid}:${branch}`;
  assert(GID.test(gid), 'ids are well-formed by the time they are here');
  return gid;
}
