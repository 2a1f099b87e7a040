// A local transaction whose end is data.
//
// D1. What `work` wrote stays only if it returns, and says so. If it throws, all is rolled back.
// D2. An end counts only if Postgres names it in its answer: COMMIT and PREPARE TRANSACTION of a
//     failed transaction are answered ROLLBACK, and raise no error.
// D3. A connection lost while it ends leaves the truth unknown: the error goes up, nobody guesses.
import type { Pool, PoolClient } from 'pg';
import { Busy } from '../answers.js';

export type End = 'commit' | 'rollback' | { readonly prepare: string };

export interface Worked<Value> {
  readonly value: Value;
  readonly end: End;
}

/**
 * @param lockTimeoutMs how long one statement may wait for a lock
 * @throws {Busy} if nothing was done because somebody else holds what was needed
 */
export async function inTransaction<Value>(
  pool: Pool,
  lockTimeoutMs: number,
  work: (tx: PoolClient) => Promise<Worked<Value>>,
): Promise<Value> {
  const tx = await pool.connect();
  tx.on('error', ignore); // a lost connection fails the statement under way: that is enough
  let broken = true;
  try {
    await tx.query(
      `begin isolation level read committed; set local lock_timeout = ${lockTimeoutMs}`,
    );
    const { value, end } = await work(tx);
    await finish(tx, end);
    broken = false;
    return value;
  } catch (error) {
    broken = !(await rolledBack(tx));
    throw isBusy(error) ? new Busy('the database is busy', { cause: error }) : error;
  } finally {
    tx.off('error', ignore);
    tx.release(broken);
  }
}

async function finish(tx: PoolClient, end: End): Promise<void> {
  const [statement, tag] = statementOf(end);
  const { command } = await tx.query(statement);
  if (command !== tag) throw new Error(`${tag} was answered ${command}: a statement had failed`); // D2
}

function statementOf(end: End): readonly [statement: string, tag: string] {
  if (typeof end !== 'string') return [`prepare transaction '${end.prepare}'`, 'PREPARE'];
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

function ignore(): void {}

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
