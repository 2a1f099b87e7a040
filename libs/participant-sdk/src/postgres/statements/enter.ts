/**
 * Locks the standing of a branch until the end of the transaction, and notes that the branch was
 * heard of.
 *
 * $1 gtid, $2 branch, $3 the participant. Always one row; its `state` is null if nothing is known
 * of the branch: STAND or VOTE must follow then in the same transaction, or a rollback.
 * `participant`: whose branch it is; null in rows of a former version. `predates_memory`: the
 * transaction, whose gtid says when it began if it is a UUID of version 7, is older than these
 * tables. A call of the same branch that is under way holds the row; this one waits for it, and
 * raises 55P03 after lock_timeout.
 */
export const ENTER = `
insert into concordat_standing as kept (gtid, branch, participant) values ($1, $2, $3)
on conflict (gtid, branch) do update set quiet_since = now(), last_error = null
returning participant, state, last_elected, last_attempt, payload, vote,
          case when gtid ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7'
               then to_timestamp(('x' || substr(replace(gtid, '-', ''), 1, 12))::bit(48)::bigint
                                 / 1000.0) < (select min(since) from concordat_memory)
               else false end as predates_memory`;
