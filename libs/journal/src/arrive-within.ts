// The last resource: a transaction's first version, written inside a local transaction of one of
// its own branches, on the database that holds the journal. Their commit is then one and the same:
// the decision cannot be durable without that branch's work, nor the work without the decision.
//
// Source: WebLogic's logging last resource; the last-resource gambit of Gray & Reuter 1993.
import type { Entry } from '@concordat/engine';
import { assert } from '@concordat/protocols';
import { rowOf } from './append-row.js';
import type { Statement } from './database.js';
import { ARRIVE, arriveParameters } from './statements/arrive.js';

/** Runs one statement in a local transaction that the caller has open, and will end. */
export type RunWithin = (statement: Statement, values: readonly unknown[]) => Promise<unknown>;

/**
 * Writes `entry`, unless and until the caller's transaction is rolled back.
 * @throws what `run` throws: 23505 if the transaction was ever begun
 */
export async function arriveWithin(owner: string, entry: Entry, run: RunWithin): Promise<void> {
  assert(entry.transaction.version === 1, 'what arrives is at version 1');
  assert(entry.dueAt !== null, 'a branch of what arrives is still to be ended');
  assert(entry.idempotency === undefined, 'what arrives has its gtid for a key');
  await run(ARRIVE, arriveParameters(owner, rowOf(entry)));
}
