// Sessions of the service's pool, and local transactions in them whose end is data.
//
// D1. What `work` wrote stays only if it returns, and says so. If it throws, all is rolled back.
// D3. A connection lost while a transaction ends leaves the truth unknown: the error goes up,
//     nobody guesses.
// D6. A session that hears nothing more in the middle of a transaction is ended by the server, and
//     lets go of its locks, or of what it has prepared.
// D7. A handler that ends its transaction by itself is out of order. It need not know that it does:
//     any statement that changes a table's definition commits what came before it. So a savepoint
//     is set before the handler, and must still be there after it. It goes with its transaction,
//     whatever has ended that, a deadlock too; and another transaction would not have it.
// D8. A connection can die at any moment, also when nobody asks anything of it, and an error that
//     nobody listens to would end the process. So each one has a listener.
// D9. One statement that failed in a handler spoils the transaction (H1): no part of its work is
//     committed without the rest.
// D10. A session goes back to the pool as it came: with its own limits, and in no transaction. One
//     of which that is not certain is closed.
// (The numbers are those of `postgres/transaction.ts`. D2 has no match: the server does not answer
// to a commit that it has rolled back. Nor has D5: semi-synchronous replication gives up waiting
// for its replica without a word, so that nothing told here could rest upon it.)
import type { Pool, PoolConnection, ResultSetHeader } from 'mysql2/promise';
import { Busy } from '../answers.js';
import type { Lend } from '../postgres/lend.js';
import type { Lent } from './lent.js';
import { lentOf } from './lent.js';
import { LIMIT_SESSION } from './statements/limit-session.js';
import { READ_COMMITTED } from './statements/read-committed.js';
import { RESTORE_SESSION } from './statements/restore-session.js';

export interface MysqlOptions {
  /**
   * How long one statement may wait for a lock. Shorter than the coordinator's call timeout. The
   * server counts in whole seconds: it is rounded up.
   */
  readonly lockTimeoutMs: number;
  /**
   * How long a handler may do something else than speak to the database; a minute if not given.
   * Rounded up likewise.
   */
  readonly idleTimeoutMs?: number;
}

export const LOCK_TIMEOUT_MS_DEFAULT = 2_000;
const IDLE_TIMEOUT_MS_DEFAULT = 60_000;

export interface Worked<Value> {
  readonly value: Value;
  readonly end: 'commit' | 'rollback';
}

/** @throws {Busy} if nothing was done because somebody else holds what was needed */
export async function inTransaction<Value>(
  pool: Pool,
  options: MysqlOptions,
  work: (session: PoolConnection) => Promise<Worked<Value>>,
): Promise<Value> {
  const session = await checkOut(pool);
  let isClean = false;
  try {
    await limit(session, options);
    await session.query('start transaction');
    const { value, end } = await work(session);
    await session.query(end);
    isClean = true;
    return value;
  } catch (error) {
    isClean = await obeys(session, 'rollback');
    throw asBusy(error);
  } finally {
    await giveBack(session, isClean);
  }
}

const listenedTo = new WeakSet<object>();

export async function checkOut(pool: Pool): Promise<PoolConnection> {
  const session = await pool.getConnection();
  const { connection } = session;
  if (!listenedTo.has(connection)) connection.on('error', ignore); // D8
  listenedTo.add(connection);
  return session;
}

const AUTOCOMMIT = 2; // of the status that the server sends with every OK
const MS_PER_SECOND = 1_000;

/** Limits what `session` may wait for, and isolates its next transaction as read committed. */
export async function limit(
  session: PoolConnection,
  { lockTimeoutMs, idleTimeoutMs = IDLE_TIMEOUT_MS_DEFAULT }: MysqlOptions,
): Promise<void> {
  const [lock, idle] = [lockTimeoutMs, idleTimeoutMs].map((ms) => Math.ceil(ms / MS_PER_SECOND));
  const [header] = await session.query<ResultSetHeader>(LIMIT_SESSION, [lock, lock, idle]);
  if ((header.serverStatus & AUTOCOMMIT) === 0) {
    throw new Error('the sessions of the pool must autocommit: looks would not see what is new');
  }
  await session.query(READ_COMMITTED);
}

/** D10. @param isClean whether the session is known to be in no transaction */
export async function giveBack(session: PoolConnection, isClean: boolean): Promise<void> {
  if (isClean && (await obeys(session, RESTORE_SESSION))) return session.release();
  session.destroy();
}

/** Whether the server has done what `statement` says. */
export async function obeys(session: PoolConnection, statement: string): Promise<boolean> {
  try {
    await session.query(statement);
    return true;
  } catch {
    return false;
  }
}

/** What a handler came to, and whether it has asked anything of the database. */
export interface Ran<Value> {
  readonly value: Value;
  readonly statements: number;
}

/**
 * Runs a handler in the transaction that `session` is in, on what is lent to it. What it wrote is
 * undone if it refuses.
 * @throws what it throws; or else, unless it refuses, the first error of a statement (D9); or if it
 *     has ended the transaction (D7)
 */
export async function runHandler<Tx, Value>(
  session: PoolConnection,
  lend: Lend<PoolConnection, Tx>,
  handler: (tx: Tx) => Promise<Value>,
  refuses: (value: Value) => boolean,
): Promise<Ran<Value>> {
  await session.query('savepoint concordat_handler');
  const lent = lentOf(session);
  try {
    const value = await lend(lent.tx, handler);
    lent.end();
    // What the handler has sent and not waited for has been answered when this is.
    await leave(session, refuses(value) ? 'rollback to savepoint' : 'release savepoint', lent);
    return { value, statements: lent.statements() };
  } finally {
    lent.end();
  }
}

async function leave(session: PoolConnection, how: Leaving, lent: Lent): Promise<void> {
  try {
    await session.query(`${how} concordat_handler`);
  } catch (error) {
    if (numberOf(error) !== NO_SUCH_SAVEPOINT) throw error;
    throw lent.failure() ?? new Error('a handler has ended its transaction', { cause: error });
  }
  if (how === 'release savepoint' && lent.failure() !== undefined) throw lent.failure();
}

export const asItIs: Lend<PoolConnection, PoolConnection> = (session, use) => use(session);

type Leaving = 'rollback to savepoint' | 'release savepoint';

const NO_SUCH_SAVEPOINT = 1305;
const LOCK_WAIT_TIMEOUT = 1205;
const BUSY: ReadonlySet<number> = new Set([
  LOCK_WAIT_TIMEOUT,
  1213, // deadlock
  1020, // a row has changed since it was read
  1613, // XA_RBTIMEOUT
  1614, // XA_RBDEADLOCK
]);

export function asBusy(error: unknown): unknown {
  const isBusy = BUSY.has(numberOf(error) ?? 0);
  return isBusy ? new Busy('the database is busy', { cause: error }) : error;
}

export function isLockTimeout(error: unknown): boolean {
  return numberOf(error) === LOCK_WAIT_TIMEOUT;
}

/** The number of an error that the server has raised, after which it goes on. */
export function numberOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return undefined;
  return typeof error.errno === 'number' ? error.errno : undefined;
}

function ignore(): void {}
