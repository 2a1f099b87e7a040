// A local transaction whose end is data.
//
// D1. What `work` wrote stays only if it returns, and says so. If it throws, all is rolled back.
// D2. An end counts only if Postgres names it in its answer: COMMIT and PREPARE TRANSACTION of a
//     failed transaction are answered ROLLBACK, and raise no error.
// D3. A connection lost while it ends leaves the truth unknown: the error goes up, nobody guesses.
//     No more does an end with a warning say enough: a commit that gave up waiting for its standby
//     (an operator or a time limit has ended the wait) is done here, and can still be forgotten.
// D4. Statements that stand together go as one query, which is one round trip: Postgres runs them
//     in order, each on a snapshot of its own, and none after one that fails.
// D5. What is told from memory is told after a write of its own (`remembered`): once the standby
//     has that, it has what was read before, however the commit of that went (D3).
// D6. A session that hears nothing more in the middle of a transaction is ended by the server, and
//     lets go of its locks: behind a broken network, nobody else could tell it that we are gone.
// D7. A handler that commits or rolls back by itself is out of order: nothing is recorded or voted
//     on the strength of what it did.
// D8. A connection can die at the very moment when it is there: pg-pool has let go of it by then,
//     we do not have it yet, and an error that nobody listens to would end the process. So each one
//     has a listener from the beginning.
import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { Busy } from '../answers.js';
import { inlined } from './inlined.js';
import { REACH_STANDBY } from './statements/reach-standby.js';

export type End = 'commit' | 'rollback' | Prepare;

export interface Prepare {
  /** The gid. */
  readonly prepare: string;
  /** The last statement of the work: if it fails, nothing is prepared (D4). */
  readonly last: string;
}

export interface Worked<Value> {
  readonly value: Value;
  readonly end: End;
}

export interface Opening {
  /** How long one statement may wait for a lock. */
  readonly lockTimeoutMs: number;
  /** How long the server waits for the next statement (D6). */
  readonly idleTimeoutMs?: number;
  /** The first statements, in one query with `begin` (D4). */
  readonly statements: readonly string[];
}

const IDLE_TIMEOUT_MS_DEFAULT = 60_000;

/** One for each statement of the opening, whose rows are `Rows`. */
export type Opened<Rows extends readonly QueryResultRow[]> = {
  readonly [Index in keyof Rows]: QueryResult<Rows[Index]>;
};

/**
 * @param work is given what the statements of the opening returned
 * @throws {Busy} if nothing was done because somebody else holds what was needed
 */
export async function inTransaction<Value, Rows extends readonly QueryResultRow[]>(
  pool: Pool,
  opening: Opening,
  work: (tx: PoolClient, opened: Opened<Rows>) => Promise<Worked<Value>>,
): Promise<Value> {
  const tx = await checkOut(pool);
  tx.on('error', ignore); // a lost connection fails the statement under way: that is enough
  let broken = true;
  try {
    const opened = await open<Rows>(tx, opening);
    const { value, end } = await work(tx, opened);
    await finish(tx, end);
    broken = false;
    return value;
  } catch (error) {
    broken = !(await rolledBack(tx));
    throw isBusy(error) ? new Busy('the database is busy', { cause: error }) : plain(error);
  } finally {
    tx.off('error', ignore);
    tx.release(broken);
  }
}

const watched = new WeakSet<Pool>();

/** D8. */
function checkOut(pool: Pool): Promise<PoolClient> {
  if (!watched.has(pool)) pool.on('connect', (client) => client.on('error', ignore));
  watched.add(pool);
  return pool.connect();
}

async function open<Rows extends readonly QueryResultRow[]>(
  tx: PoolClient,
  { lockTimeoutMs, idleTimeoutMs = IDLE_TIMEOUT_MS_DEFAULT, statements }: Opening,
): Promise<Opened<Rows>> {
  const begin = [
    'begin isolation level read committed',
    `set local lock_timeout = ${lockTimeoutMs}`,
    `set local idle_in_transaction_session_timeout = ${idleTimeoutMs}`,
  ];
  const results: unknown = await tx.query([...begin, ...statements].join(';'));
  // To several statements pg returns an array, which its types do not say.
  const [, , , ...opened] = results as readonly [
    QueryResult,
    QueryResult,
    QueryResult,
    ...Opened<Rows>,
  ];
  return opened;
}

/** D7. Call it when a handler has run. @throws if that has ended the transaction by itself */
export function requireUnderWay(tx: PoolClient): void {
  if (tx.getTransactionStatus() === 'I') throw new Error('a handler has ended its transaction');
}

/** How a transaction ends that has only repeated `value`, which it has read here (D5). */
export async function remembered<Value>(tx: PoolClient, value: Value): Promise<Worked<Value>> {
  await tx.query(REACH_STANDBY);
  return { value, end: 'commit' };
}

/**
 * Runs COMMIT PREPARED or ROLLBACK PREPARED: outside a transaction, as Postgres wants it.
 * @throws if Postgres fails, or warns (D3)
 */
export async function endPrepared(pool: Pool, statement: string): Promise<void> {
  const client = await checkOut(pool);
  client.on('error', ignore);
  let broken = true;
  try {
    await heardOut(client, statement);
    broken = false;
  } catch (error) {
    broken = !isPlainError(error);
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

async function finish(tx: PoolClient, end: End): Promise<void> {
  const [statement, tag] = statementOf(end);
  const result = await heardOut(tx, statement);
  const command = [result].flat().at(-1)?.command;
  if (command !== tag) throw new Error(`${tag} was answered ${command}: a statement had failed`); // D2
}

interface Notice {
  readonly code: string | undefined;
  readonly message?: string | undefined;
}

const SUCCESSFUL_COMPLETION = '00000'; // what a mere NOTICE bears

/** The result of a statement that ends a transaction, if Postgres has not warned (D3). */
async function heardOut(
  client: PoolClient,
  statement: string,
): Promise<QueryResult | readonly QueryResult[]> {
  const warnings: string[] = [];
  const onNotice = ({ code, message }: Notice): void => {
    if (code !== SUCCESSFUL_COMPLETION) warnings.push(message ?? 'a warning');
  };
  client.on('notice', onNotice);
  try {
    const result: QueryResult | readonly QueryResult[] = await client.query(statement);
    if (warnings.length > 0) throw new Error(`ended with a warning: ${warnings.join('; ')}`);
    return result;
  } finally {
    client.off('notice', onNotice);
  }
}

function statementOf(end: End): readonly [statement: string, tag: string] {
  if (typeof end !== 'string') {
    return [`${end.last};${inlined('prepare transaction $1', [end.prepare])}`, 'PREPARE'];
  }
  return end === 'commit' ? ['commit', 'COMMIT'] : ['rollback', 'ROLLBACK'];
}

async function rolledBack(tx: PoolClient): Promise<boolean> {
  try {
    await tx.query('rollback');
    return true;
  } catch {
    return false;
  }
}

/** Postgres has said no, and goes on: neither a warning (D3), nor a connection that is going. */
function isPlainError(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && SQLSTATE.test(code) && !/^(08|57P)/.test(code);
}

/** Its class has a digit, or is XX; so `EPIPE` and its like are none. */
const SQLSTATE = /^(\d[0-9A-Z]|[A-Z]\d|XX)[0-9A-Z]{3}$/;

function ignore(): void {}

const UNDEFINED_TABLE = '42P01';

/** Whoever reads of a table of ours that does not exist must know what to do about it. */
function plain(error: unknown): unknown {
  if (codeOf(error) !== UNDEFINED_TABLE || !/"concordat_/.test(String(error))) return error;
  return new Error(
    'a table of the barrier is missing: call ensureBarrier when the service starts',
    {
      cause: error,
    },
  );
}

const LOCK_NOT_AVAILABLE = '55P03';
const BUSY: ReadonlySet<string> = new Set([
  LOCK_NOT_AVAILABLE,
  '40001', // serialization failure
  '40P01', // deadlock
  '53200', // PREPARE TRANSACTION: max_prepared_transactions is reached; or no lock memory is left
]);

export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === LOCK_NOT_AVAILABLE;
}

function isBusy(error: unknown): boolean {
  return BUSY.has(codeOf(error) ?? '');
}

/** The SQLSTATE of an error that Postgres raised. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
