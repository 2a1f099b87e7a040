import type { Statement } from '../database.js';

/**
 * $1 gtid. Always one row: the transaction, unfinished or ended, or nulls.
 *
 * One statement, hence one snapshot: a row that is moving from one table to the other is seen in
 * exactly one of them.
 *
 * What is returned is as durable as an append that was acknowledged. A version may be visible here
 * and not on the standby yet, if whoever appended it could not wait for that; a failover would
 * forget it, and nobody may be told a decision that can be forgotten. A server that was a primary
 * until a moment ago does not know of what its successor has decided. So with synchronous
 * replication this statement writes a message of its own to the WAL, and its commit waits until
 * that, and all before it, has arrived. Without, it writes nothing.
 */
export const LOAD: Statement = {
  name: 'load',
  text: `
    with read as materialized (
      select case when current_setting('synchronous_standby_names') <> ''
                  then pg_logical_emit_message(true, 'concordat', 'load') end as arrives_with
    )
    select gtid, version, state, attempts, ended_at, arrives_with
      from read left join concordat.transaction on gtid = $1`,
};
