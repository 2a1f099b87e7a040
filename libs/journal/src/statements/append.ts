// The statement that advances transactions. Every other write of the journal is for promptness.
import type { Statement } from '../database.js';
import { textArray } from '../text-array.js';

/** One version of one transaction, as the statement takes it. */
export interface AppendRow {
  readonly gtid: string;
  readonly version: number;
  readonly protocol: string;
  readonly phase: string;
  /** Null while unfinished; a row with an outcome moves to `ended_transaction`. */
  readonly outcome: string | null;
  readonly stuck: boolean;
  /** False: its commit need not wait for the disk, nor for a standby. */
  readonly forced: boolean;
  readonly dueAt: number | null;
  readonly at: number;
  /** JSON, like `attempts`, `line`, `definition` and `metadata`. */
  readonly state: string;
  readonly attempts: string;
  readonly line: string;
  readonly definition: string | null;
  /** An array literal; null where it has not changed. */
  readonly participants: string | null;
  readonly name: string | null;
  readonly tenant: string;
  readonly metadata: string;
  readonly begunAt: number;
  readonly key: string | null;
  readonly digest: string | null;
}

/**
 * $1 owner; $21 whether the commit is forced; the rest are arrays of equal length, one element a
 * row, no gtid twice.
 *
 * - version 1: inserts the transaction, and its idempotency key if it has one. If the key is
 *   taken, nothing of the row is written. Raises 23505 if the transaction was ever begun.
 * - version n: advances the row that is at version n - 1; without such a row, nothing is written.
 * - with an outcome: as above, and the row is in `ended_transaction` instead.
 * - every row that was written has its line in the journal.
 *
 * Returns the gtid of each row that was written.
 *
 * Reads no partitioned table: its plan does not grow with the days that are kept.
 */
export const APPEND: Statement = {
  name: 'append',
  text: `
    with entry as (
      select *, case when not $21 then set_config('synchronous_commit', 'off', true) end
        from unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::boolean[],
                    $8::float8[], $9::float8[], $10::text[], $11::text[], $12::text[], $13::text[],
                    $14::text[], $15::text[], $16::text[], $17::float8[], $18::text[], $19::text[],
                    $20::text[])
          as entry (gtid, version, protocol, phase, outcome, stuck,
                    due_at, at, state, attempts, line, definition,
                    participants, name, metadata, begun_at, key, digest, tenant)
    ), keyed as (
      insert into concordat.idempotency_key (key, digest, gtid)
      select key, digest, gtid from entry where key is not null
          on conflict (key) do nothing
      returning gtid
    ), begun as (
      select * from entry
       where version = 1 and (key is null or gtid in (select gtid from keyed))
    ), opened as (
      insert into concordat.global_transaction
            (gtid, protocol, name, participants, metadata, begun_at,
             version, phase, owner, stuck, due_at, state, attempts, tenant)
      select gtid, protocol, name, participants::text[], metadata::jsonb,
             to_timestamp(begun_at / 1000),
             version, phase, $1, stuck, to_timestamp(due_at / 1000), state::json, attempts::json,
             tenant
        from begun where outcome is null
    ), advanced as (
      update concordat.global_transaction unfinished
         set version = entry.version, phase = entry.phase, owner = $1, stuck = entry.stuck,
             due_at = to_timestamp(entry.due_at / 1000),
             state = entry.state::json, attempts = entry.attempts::json,
             participants = coalesce(entry.participants::text[], unfinished.participants)
        from entry
       where entry.version > 1 and entry.outcome is null
         and unfinished.gtid = entry.gtid and unfinished.version = entry.version - 1
      returning entry.gtid, entry.version, entry.at, entry.line, entry.definition
    ), finished as (
      delete from concordat.global_transaction unfinished using entry
       where entry.version > 1 and entry.outcome is not null
         and unfinished.gtid = entry.gtid and unfinished.version = entry.version - 1
      returning entry.gtid, entry.version, entry.at, entry.line, entry.definition,
                entry.outcome, entry.state, entry.attempts,
                coalesce(entry.participants::text[], unfinished.participants) as participants,
                unfinished.protocol, unfinished.name, unfinished.metadata, unfinished.begun_at,
                unfinished.tenant
    ), ended as (
      insert into concordat.ended_transaction
            (gtid, protocol, name, participants, metadata, begun_at,
             ended_at, version, outcome, owner, state, attempts, tenant)
      select gtid, protocol, name, participants, metadata, begun_at,
             to_timestamp(at / 1000), version, outcome, $1, state::json, attempts::json, tenant
        from finished
       union all
      select gtid, protocol, name, participants::text[], metadata::jsonb,
             to_timestamp(begun_at / 1000),
             to_timestamp(at / 1000), version, outcome, $1, state::json, attempts::json, tenant
        from begun where outcome is not null
    )
    insert into concordat.journal (gtid, version, at, line, definition)
    select gtid, version, to_timestamp(at / 1000), line::json, definition::json
      from (select gtid, version, at, line, definition from begun union all
            select gtid, version, at, line, definition from advanced union all
            select gtid, version, at, line, definition from finished) as written
    returning gtid`,
};

/** The parameters of APPEND, in order. */
export function appendParameters(owner: string, rows: readonly AppendRow[]): readonly unknown[] {
  return [
    owner,
    rows.map((row) => row.gtid),
    rows.map((row) => row.version),
    rows.map((row) => row.protocol),
    rows.map((row) => row.phase),
    rows.map((row) => row.outcome),
    rows.map((row) => row.stuck),
    rows.map((row) => row.dueAt),
    rows.map((row) => row.at),
    textArray(rows.map((row) => row.state)),
    textArray(rows.map((row) => row.attempts)),
    textArray(rows.map((row) => row.line)),
    textArray(rows.map((row) => row.definition)),
    textArray(rows.map((row) => row.participants)),
    textArray(rows.map((row) => row.name)),
    textArray(rows.map((row) => row.metadata)),
    rows.map((row) => row.begunAt),
    textArray(rows.map((row) => row.key)),
    textArray(rows.map((row) => row.digest)),
    rows.map((row) => row.tenant),
    rows.some((row) => row.forced),
  ];
}
