// Rows of the journal as the engine's records. They are our own writing: shaped, not validated.
import type { Attempts, Definition, Record } from '@concordat/engine';
import type { GlobalTransactionId, Instant, Transaction } from '@concordat/protocols';
import type { Database } from './database.js';
import { DEFINITIONS } from './statements/definitions.js';

/** What LOAD, TAKE and TAKE_DUE return, and the read side's rows have among others. */
export interface StateRow {
  readonly gtid: GlobalTransactionId;
  readonly version: number;
  readonly state: Omit<Transaction, 'version'>;
  readonly attempts: Attempts;
  readonly ended_at: Date | null;
}

interface DefinitionRow {
  readonly gtid: GlobalTransactionId;
  readonly definition: Definition;
}

/** A record for each row, in order; none for a row that was forgotten after it was read. */
export async function recordsOf(
  database: Database,
  rows: readonly StateRow[],
): Promise<readonly Record[]> {
  const definitions = await definitionsOf(database, rows);
  return rows.flatMap((row) => {
    const definition = definitions.get(row.gtid);
    return definition === undefined ? [] : [recordOf(row, definition)];
  });
}

/** By gtid: the definition as of the row's version. */
export async function definitionsOf(
  database: Database,
  rows: readonly StateRow[],
): Promise<ReadonlyMap<GlobalTransactionId, Definition>> {
  if (rows.length === 0) return new Map();
  const gtids = rows.map(({ gtid }) => gtid);
  const versions = rows.map(({ version }) => version);
  const found = await database.run<DefinitionRow>(DEFINITIONS, [gtids, versions]);
  return new Map(found.map(({ gtid, definition }) => [gtid, definition]));
}

export function recordOf(row: StateRow, definition: Definition): Record {
  return {
    gtid: row.gtid,
    transaction: { version: row.version, ...row.state },
    definition,
    attempts: row.attempts,
    endedAt: row.ended_at === null ? null : instantOfDate(row.ended_at),
  };
}

export function instantOfDate(date: Date): Instant {
  return date.getTime() as Instant;
}
