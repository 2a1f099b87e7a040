import type { Statement } from '../database.js';
import type { AppendRow } from './append.js';

/**
 * $1 owner, then an unfinished row at version 1: inserts the transaction and its line. What APPEND
 * would do with it, for a transaction of somebody else's, in which it is the last statement.
 *
 * The session is not the journal's: where its commits would not wait for the disk or for a standby
 * (synchronous_commit off, local), this one does, for it is a decision.
 *
 * Raises 23505 if the transaction was ever begun. Returns nothing.
 */
export const ARRIVE: Statement = {
  name: 'concordat arrive',
  text: `
    with forced as materialized (
      select case when current_setting('synchronous_commit') in ('off', 'local')
                  then set_config('synchronous_commit', 'on', true) end
    ), opened as (
      insert into concordat.global_transaction
            (gtid, protocol, name, participants, metadata, begun_at,
             version, phase, owner, stuck, due_at, state, attempts, tenant)
      select $2, $3, $4, $5::text[], $6::jsonb, to_timestamp($7::float8 / 1000),
             1, $8, $1, $9, to_timestamp($10::float8 / 1000), $11::json, $12::json, $16
        from forced
    )
    insert into concordat.journal (gtid, version, at, line, definition)
    values ($2, 1, to_timestamp($13::float8 / 1000), $14::json, $15::json)`,
};

/** The parameters of ARRIVE, in order. */
export function arriveParameters(owner: string, row: AppendRow): readonly unknown[] {
  return [
    owner,
    row.gtid,
    row.protocol,
    row.name,
    row.participants,
    row.metadata,
    row.begunAt,
    row.phase,
    row.stuck,
    row.dueAt,
    row.state,
    row.attempts,
    row.at,
    row.line,
    row.definition,
    row.tenant,
  ];
}
