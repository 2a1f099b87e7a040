// What a database must be for decisions to be kept in it. Asked on a connection of the pool, for
// some of this may be set by role, by database or in the connection's own URL.
import { assert } from '@concordat/protocols';
import type { Database } from './database.js';
import { UnfitDatabase } from './errors.js';
import { FITNESS } from './statements/fitness.js';

const VERSION_MIN = 150_000;

/** What FITNESS returns. */
export interface Fitness {
  /** As in 150018 for 15.18. */
  readonly version: number;
  readonly in_recovery: boolean;
  readonly read_only: boolean;
  readonly synchronous_commit: string;
}

/** @throws UnfitDatabase */
export async function refuseUnfit(database: Database): Promise<void> {
  const [row] = await database.run<Fitness>(FITNESS, []);
  assert(row !== undefined, 'a select without a table returns a row');
  const reason = unfitness(row);
  if (reason !== undefined) throw new UnfitDatabase(`cannot keep a journal here: ${reason}`);
}

/** Why decisions cannot be kept there; undefined if they can. */
export function unfitness(fitness: Fitness): string | undefined {
  const { version, in_recovery, read_only, synchronous_commit } = fitness;
  if (version < VERSION_MIN) return `PostgreSQL ${Math.floor(version / 10_000)} is older than 15`;
  if (in_recovery) return 'it is a standby (in recovery); connect to the primary';
  if (read_only) return 'it is read-only (default_transaction_read_only)';
  if (synchronous_commit === 'off' || synchronous_commit === 'local') {
    return `synchronous_commit is ${synchronous_commit}: what was told could be lost`;
  }
  return undefined;
}
