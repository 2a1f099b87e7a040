// 2PC on MariaDB and MySQL by XA.
//
// As on Postgres (`postgres/two-phase.ts`), the barrier's row cannot be inside the prepared
// transaction, and four things together say where a branch is:
//
//   lock      the name of the branch: XA START of it succeeds for one transaction at a time, and
//             for none while one is prepared (X1):  somebody is at it, or it is prepared
//   prepared  XA RECOVER lists the name
//   marker    a row that the work writes inside itself: visible exactly if the work has committed
//   row       the barrier's row: a higher token was seen; or a vote that prepared nothing
//
//   prepare    XA START ─▶ row, marker ─▶ work ─▶ marker ─▶ XA END ─▶ XA PREPARE ─▶ held (F1)
//                refused, or nothing to commit: undo the work ─▶ row ─▶ XA COMMIT ONE PHASE
//   commit     row, marker ─▶ XA COMMIT ─▶ marker      ─▶ no such name: XA START ─▶ marker ─▶ row
//   rollback   row ─▶ XA ROLLBACK ─▶ XA START ─▶ marker ─▶ row ─▶ XA COMMIT ONE PHASE (E11)
//
// (A user lock, GET_LOCK, would not do for the first: it belongs to the session, and a prepared
// transaction that has lost its session does not go on holding it. Nor would a row that is locked
// inside the branch: whoever looks at that waits for it, instead of being told.)
//
// E1. At most one transaction works on a branch or is prepared for it: it has the name.
// E2. No prepare succeeds after a rollback was acknowledged. `prepare` reads the row after it has
//     the name, `rollback` tries the name after its row has committed. Whichever comes first:
//     either prepare reads the higher token, and is stale; or it had the name before, and rollback
//     finds it taken, or prepared. Each statement reads what had committed when it began.
// E3. No prepare succeeds after a commit was acknowledged: the server lets go of the name after the
//     marker is visible. So the path that commits writes no row.
// E4. An unknown name (1397) says nothing by itself: the work may be over, or never have been, or
//     be prepared in a session that is still connected. If the name can then be started, nothing is
//     there: with the marker it is a commit that was done before; without it the work is gone,
//     rolled back by somebody else. That is a heuristic, and the row is written under the name so
//     that no prepare comes after it. If the name is taken, the answer is to ask again. Where it
//     is prepared, another process of this service holds it, and that not for long: so it is asked
//     once more here, when that must have let go.
// E5. A vote that prepared nothing (refused, read-only) is recorded in the transaction that has the
//     name, after its work was undone: no second copy of the question can prepare behind it.
// E6. A vote is given on the answer to XA PREPARE alone. A connection lost while preparing or
//     ending is an error, hence in doubt; the next attempt reads the truth.
// E7. An outcome is acknowledged on the marker alone, whatever XA COMMIT or XA ROLLBACK answers.
//     Where a session was reset that has prepared a branch, and lives on (some proxies do that), or
//     at the one wrong moment of its end (F2), MariaDB says OK to either, has done nothing, forgets
//     the name, and lists it again when it was restarted. Until then the marker is there and
//     locked: who must know that there is none waits for that lock, in vain, and the call stays in
//     doubt, which is the truth. Whoever prepares in the meantime waits there likewise.
// E8. A handler that waits too long for a lock refuses. Transactions that are prepared in two
//     databases may wait for each other there, and no database can see that: giving up ends it.
// E9. What is prepared has its marker inside: MariaDB forgets a branch without a write when its
//     session ends, and then says that it was rolled back (1402). Whether a transaction has written
//     the server does not tell everybody; so only that of a handler which has asked nothing of the
//     database is known to be read-only. Any other is prepared.
// E10. A commit compares tokens before it commits: a rollback that is only half done (recorded, and
//     still prepared) keeps a late commit out.
// E11. XA ROLLBACK is answered before it is on the disk: a server that crashes then has the branch
//     again, prepared, and nobody would end it any more (seen on 10.11). What commits after it is
//     forced, and the log is one line: so a rollback is acknowledged once that is recorded.
//
// What is not here: prepared branches do not work on Galera, which `requireXa` checks; and shared
// locks (`lock in share mode`) are not kept by a branch once it is prepared (MDEV-26682).
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolConnection } from 'mysql2/promise';
import type { Answer, Replied } from '../answers.js';
import { acknowledged, refusal, stale, working } from '../answers.js';
import type { ResourceManager } from '../barrier.js';
import { heuristic } from '../barrier-rule.js';
import type { BranchCall } from '../handlers.js';
import { Refused, refused } from '../handlers.js';
import { twoPhaseInspectionOf } from '../inspecting.js';
import type { Lend } from '../postgres/lend.js';
import { Holds } from './holds.js';
import { inspectTwoPhase } from './inspect.js';
import type { Look } from './row.js';
import { awaitMark, fence, look, mark, record } from './row.js';
import type { MysqlOptions } from './session.js';
import {
  asItIs,
  inTransaction,
  isLockTimeout,
  LOCK_TIMEOUT_MS_DEFAULT,
  runHandler,
} from './session.js';
import type { Branches, BranchWorked, XaName } from './xa.js';
import { DETACH_MS, endPrepared, inBranch, isPrepared, nameOf } from './xa.js';

export interface MysqlTwoPhaseOptions extends MysqlOptions {
  /**
   * How long a session that has prepared a branch waits for its outcome before it is closed, so
   * that another process can end the branch (F1); 100 ms if not given.
   */
  readonly holdMs?: number;
}

const HOLD_MS_DEFAULT = 100;

const prepared: Replied = { type: 'reply', reply: { type: 'prepared' } };
const readOnly: Replied = { type: 'reply', reply: { type: 'read-only' } };

/** @param pool of the service's own database, in which `ensureBarrierMysql` has made the tables */
export function mysqlTwoPhase(
  pool: Pool,
  options: MysqlTwoPhaseOptions = { lockTimeoutMs: LOCK_TIMEOUT_MS_DEFAULT },
): ResourceManager<PoolConnection> {
  return mysqlTwoPhaseOn(pool, options, asItIs);
}

/** The same, for handlers that write through what is lent to them. */
export function mysqlTwoPhaseOn<Tx>(
  pool: Pool,
  { holdMs = HOLD_MS_DEFAULT, ...options }: MysqlTwoPhaseOptions,
  lend: Lend<PoolConnection, Tx>,
): ResourceManager<Tx> {
  const branches = { pool, options, holds: new Holds(pool, holdMs) };
  const settled = async (name: XaName, ask: () => Promise<Answer | undefined>): Promise<Answer> => {
    const answer = await ask();
    if (answer !== undefined || !(await isPrepared(pool, name))) return answer ?? working;
    await sleep(holdMs + DETACH_MS); // E4
    return (await ask()) ?? working;
  };
  return {
    prepare: (call, work) =>
      prepare(branches, call, (session) => attempt(session, call, lend, work)),
    commit: async (call) => {
      const name = nameOf(call);
      return settled(name, () => commit(branches, call, name));
    },
    rollback: async (call) => {
      const name = nameOf(call);
      const seen = await inTransaction(pool, options, async (session) => {
        const value = await fence(session, call);
        return { value, end: 'commit' };
      }); // E2: committed before the name is tried
      if (seen.type === 'lower') return stale;
      return settled(name, () => rollback(branches, call, name));
    },
    inspect: async (branch) =>
      twoPhaseInspectionOf(await inspectTwoPhase(pool, branch, nameOf(branch))),
  };
}

type Vote = BranchWorked<Answer>;

async function prepare(
  branches: Branches,
  call: BranchCall,
  tryIt: (session: PoolConnection) => Promise<Vote>,
): Promise<Answer> {
  const name = nameOf(call);
  const vote = await inBranch(
    branches,
    name,
    async (session) => voteSoFar(await look(session, call)) ?? tryIt(session),
  );
  return vote ?? voteOfAnother(branches.pool, call, name);
}

/** @returns undefined if there is no vote yet, and the transaction that has the name may give it */
function voteSoFar(seen: Look): Vote | undefined {
  if (seen.type === 'lower' || seen.committed) return { value: stale, end: 'rollback' }; // E2, E3
  if (seen.type === 'higher' || seen.reply === null) return undefined;
  return { value: seen.reply, end: 'rollback' };
}

async function attempt<Tx>(
  session: PoolConnection,
  call: BranchCall,
  lend: Lend<PoolConnection, Tx>,
  work: (tx: Tx) => Promise<Refused | void>,
): Promise<Vote> {
  const patient = (tx: Tx): Promise<Refused | void> => work(tx).catch(refuseToWait);
  const { value: no, statements } = await runHandler(session, lend, patient, isRefused);
  if (isRefused(no)) return recordVote(session, call, 'none', refusal(no.reason));
  if (statements === 0) return recordVote(session, call, 'read-only', readOnly); // E9
  await mark(session, call);
  return { value: prepared, end: 'prepare' }; // E6
}

function isRefused(word: Refused | void): word is Refused {
  return word instanceof Refused;
}

/** E8. */
function refuseToWait(error: unknown): Refused {
  if (isLockTimeout(error)) return refused('waited too long for a lock');
  throw error;
}

/** E5. */
async function recordVote(
  session: PoolConnection,
  call: BranchCall,
  work: 'none' | 'read-only',
  vote: Replied,
): Promise<Vote> {
  const seen = await fence(session, call);
  if (seen.type === 'lower') return { value: stale, end: 'rollback' };
  await record(session, call, work, vote);
  return { value: vote, end: 'commit' };
}

/** Somebody has the name: another copy of this call, or what it has prepared. */
async function voteOfAnother(pool: Pool, call: BranchCall, name: XaName): Promise<Answer> {
  if (!(await isPrepared(pool, name))) return working;
  const seen = await look(pool, call);
  return seen.type === 'lower' ? stale : prepared;
}

/** @returns undefined if the name is taken by what cannot be ended here, now */
async function commit(
  branches: Branches,
  call: BranchCall,
  name: XaName,
): Promise<Answer | undefined> {
  const seen = await look(branches.pool, call);
  const answer = answerSoFar(seen); // E10
  if (answer !== undefined) return answer;
  const came = await endPrepared(branches, name, 'commit');
  if (came === 'held') return undefined;
  if (came === 'not-there') {
    return inBranch(branches, name, (session) => settleCommit(session, call));
  }
  const { committed } = await look(branches.pool, call);
  if (!committed) throw new Error('XA COMMIT was answered OK, and the work is not there'); // E7
  return acknowledged;
}

/** What a commit is answered that comes too late, or was answered before. */
function answerSoFar(seen: Look): Answer | undefined {
  if (seen.type === 'lower') return stale;
  if (seen.committed || seen.work === 'completed' || seen.work === 'read-only') return acknowledged;
  return seen.type === 'equal' && seen.reply !== null ? seen.reply : undefined;
}

/** E4: nothing is prepared under the name, and this transaction has it now. */
async function settleCommit(session: PoolConnection, call: BranchCall): Promise<Vote> {
  const answer = answerSoFar(await lookForAll(session, call));
  if (answer !== undefined) return { value: answer, end: 'rollback' };
  const fenced = await fence(session, call);
  if (fenced.type === 'lower') return { value: stale, end: 'rollback' };
  await record(session, call, 'undone', heuristic('rollback'));
  return { value: heuristic('rollback'), end: 'commit' };
}

/** @returns undefined if the name is taken by what cannot be ended here, now */
async function rollback(
  branches: Branches,
  call: BranchCall,
  name: XaName,
): Promise<Answer | undefined> {
  if ((await endPrepared(branches, name, 'rollback')) === 'held') return undefined;
  return inBranch(branches, name, async (session) => {
    const seen = await lookForAll(session, call); // E7
    const isDone = seen.committed || (seen.type !== 'lower' && seen.work === 'completed');
    if (isDone) return { value: heuristic('commit'), end: 'rollback' };
    const fenced = await fence(session, call);
    if (fenced.type === 'lower') return { value: stale, end: 'rollback' };
    await record(session, call, fenced.work, acknowledged); // E11
    return { value: acknowledged, end: 'commit' };
  });
}

/** What is known of a branch, after everything that anybody has prepared for it is over (E7). */
async function lookForAll(session: PoolConnection, call: BranchCall): Promise<Look> {
  try {
    await awaitMark(session, call);
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    const reason = 'the branch is prepared, and out of reach until the server is restarted';
    throw new Error(reason, { cause: error });
  }
  return look(session, call);
}
