/**
 * Locks the standing of a branch until the end of the transaction, and notes that the branch was
 * heard of.
 *
 * $1 gtid, $2 branch. Always one row; its `state` is null if nothing was ever heard of the branch:
 * STAND or VOTE must follow then in the same transaction, or a rollback. A call of the same branch
 * that is under way holds the row; this one waits for it, and raises 55P03 after lock_timeout.
 */
export const ENTER = `
insert into concordat_standing as kept (gtid, branch) values ($1, $2)
on conflict (gtid, branch) do update set quiet_since = now(), last_error = null
returning state, last_elected, last_attempt, payload, vote`;
