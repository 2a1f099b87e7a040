// The statements of XA, and a transaction that has the name of its branch.
//
//   XA START ─▶ work ─┬─▶ user lock ─▶ XA END ─▶ XA PREPARE ─▶ held (holds.ts) ─▶ XA COMMIT,
//       │             ├─▶ XA END ─▶ XA COMMIT … ONE PHASE                          XA ROLLBACK
//       └ 1440:       └─▶ XA END ─▶ XA ROLLBACK
//         it is taken
//
// X1. A name can be started once in a server: until its transaction is over, XA START of it raises
//     1440, in whatever session, whether the transaction is at work or prepared, and after a crash
//     of the server too. So the name is a lock, with the name's own transaction as its owner.
// X2. XA ROLLBACK ends whatever has the name. It is said here only of a transaction that this
//     session has begun and not tried to end, or as an outcome. After an end that failed, the
//     session is closed: what was not prepared goes with it, what was prepared stays.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise';
import { xidOf } from '@concordat/wire';
import type { BranchCall } from '../handlers.js';
import type { Holds } from './holds.js';
import type { MysqlOptions } from './session.js';
import { HOLD } from './statements/hold.js';
import { HOLDER_OF } from './statements/holder-of.js';
import { LET_GO } from './statements/let-go.js';
import { asBusy, checkOut, giveBack, limit, numberOf, obeys } from './session.js';

/** The name of a branch, as a text for statements: they take no parameters. */
export type XaName = string & { readonly xaName: true };

/** What the server may take to close a session after it has said so (F2). */
export const DETACH_MS = 50;

const FORMAT_ID = 1;
const GTID_LENGTH_MAX = 54; // with the prefix of ours, the 64 bytes that XA allows

/** @throws if the gtid is longer than XA can have it: no coordinator of ours makes such */
export function nameOf({ gtid, branch }: Pick<BranchCall, 'gtid' | 'branch'>): XaName {
  if (gtid.length > GTID_LENGTH_MAX) {
    throw new Error(`XA takes gtids of at most ${GTID_LENGTH_MAX} characters`);
  }
  const { gtrid, bqual } = xidOf({ cluster: undefined, gtid, branch });
  return `'${gtrid}','${bqual}',${FORMAT_ID}` as XaName;
}

export interface Branches {
  readonly pool: Pool;
  readonly holds: Holds;
  readonly options: MysqlOptions;
}

export interface BranchWorked<Value> {
  readonly value: Value;
  readonly end: 'commit' | 'rollback' | 'prepare';
}

/**
 * Runs `work` in a transaction that has the name, and ends it as `work` says. One that is prepared
 * is held.
 * @returns undefined if the name is taken (X1); nothing was done
 * @throws {Busy} if nothing was done because somebody else holds what was needed
 */
export async function inBranch<Value>(
  branches: Branches,
  name: XaName,
  work: (session: PoolConnection) => Promise<BranchWorked<Value>>,
): Promise<Value | undefined> {
  const session = await begin(branches, name);
  if (session === undefined) return undefined;
  let state: 'begun' | 'ending' | 'over' | 'prepared' = 'begun';
  try {
    const { value, end } = await work(session);
    state = 'ending';
    if (end === 'prepare') await hold(session, name);
    await session.query(`xa end ${name}`);
    await session.query(end === 'commit' ? `xa commit ${name} one phase` : `xa ${end} ${name}`);
    state = end === 'prepare' ? 'prepared' : 'over';
    return value;
  } catch (error) {
    if (state === 'begun' && (await isRolledBack(session, name))) state = 'over'; // X2
    throw asBusy(error);
  } finally {
    if (state === 'prepared') branches.holds.keep(name, session);
    else await giveBack(session, state === 'over');
  }
}

const NAME_IS_TAKEN = 1440; // XAER_DUPID

async function begin(
  { pool, options }: Branches,
  name: XaName,
): Promise<PoolConnection | undefined> {
  const session = await checkOut(pool);
  let isBegun = false;
  let isClean = false;
  try {
    await limit(session, options);
    await session.query(`xa start ${name}`);
    isBegun = true;
    return session;
  } catch (error) {
    if (numberOf(error) !== NAME_IS_TAKEN) throw error;
    isClean = await obeys(session, 'rollback'); // the next transaction is isolated as ever
    return undefined;
  } finally {
    if (!isBegun) await giveBack(session, isClean);
  }
}

/** F2. */
async function hold(session: PoolConnection, name: XaName): Promise<void> {
  const sql = { sql: HOLD, rowsAsArray: false };
  const [rows] = await session.execute<HoldRow[]>(sql, [name]);
  if (rows[0]?.held !== 1) throw new Error('another session says that it holds this branch');
}

async function isHeld(pool: Pool, name: XaName): Promise<boolean> {
  const sql = { sql: HOLDER_OF, rowsAsArray: false };
  const [rows] = await pool.execute<HolderRow[]>(sql, [name]);
  return rows[0]?.holder !== null;
}

interface HoldRow extends RowDataPacket {
  readonly held: number | null;
}

interface HolderRow extends RowDataPacket {
  readonly holder: number | null;
}

async function isRolledBack(session: PoolConnection, name: XaName): Promise<boolean> {
  await obeys(session, `xa end ${name}`); // no, where a deadlock has ended it already
  return obeys(session, `xa rollback ${name}`);
}

/** XAER_NOTA, and what is said of a branch that the server itself has rolled back. */
const IS_NOT_THERE: ReadonlySet<number> = new Set([1397, 1402, 1613, 1614]);

/** What came of ending a branch; `held`: another process has it, and may let go of it soon. */
type Ended = 'ended' | 'not-there' | 'held';

/** Ends a branch that is prepared, in the session that holds it or else in any. */
export async function endPrepared(
  { pool, holds }: Branches,
  name: XaName,
  outcome: 'commit' | 'rollback',
): Promise<Ended> {
  const held = holds.take(name);
  if (held !== undefined) return endHeld(held, name, outcome);
  if (!(await isPrepared(pool, name))) return 'not-there';
  if (await isHeld(pool, name)) return 'held';
  await sleep(DETACH_MS); // F2
  return endIn(pool, name, outcome);
}

async function endHeld(
  session: PoolConnection,
  name: XaName,
  outcome: 'commit' | 'rollback',
): Promise<Ended> {
  let isClean = false;
  try {
    await session.query(`xa ${outcome} ${name}`);
    await session.execute(LET_GO, [name]);
    isClean = true;
    return 'ended';
  } finally {
    await giveBack(session, isClean);
  }
}

async function endIn(pool: Pool, name: XaName, outcome: 'commit' | 'rollback'): Promise<Ended> {
  const session = await checkOut(pool);
  let isClean = true;
  try {
    await session.query(`xa ${outcome} ${name}`);
    return 'ended';
  } catch (error) {
    isClean = IS_NOT_THERE.has(numberOf(error) ?? 0);
    if (isClean) return 'not-there';
    throw error;
  } finally {
    if (isClean) session.release();
    else session.destroy();
  }
}

interface RecoverRow extends RowDataPacket {
  readonly formatID: number;
  readonly gtrid_length: number;
  readonly data: Buffer | string;
}

/** Whether a branch of that name is prepared. One that is seen here is on the server's disk. */
export async function isPrepared(pool: Pool, name: XaName): Promise<boolean> {
  const [rows] = await pool.query<RecoverRow[]>({ sql: 'xa recover', rowsAsArray: false });
  return rows.some(({ formatID, gtrid_length, data }) => {
    const parts = [data.toString().slice(0, gtrid_length), data.toString().slice(gtrid_length)];
    return `'${parts.join("','")}',${formatID}` === name;
  });
}
