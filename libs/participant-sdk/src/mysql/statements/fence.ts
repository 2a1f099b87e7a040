/**
 * Makes the token of a call the highest that its branch has seen, if it is.
 *
 * gtid, branch, token, operation. The id that it reports as inserted is the highest token that was
 * seen before; 0 if none was, for tokens are positive. (How many rows it reports as changed means
 * one thing or another as the driver has asked for it.) An equal or a lower token changes nothing.
 * The row is locked afterwards, also where nothing was changed. A call of the same branch that is
 * under way holds it; this one waits for it, and raises 1205 after innodb_lock_wait_timeout.
 *
 * The reply stays, as that to the token in `answered`. The assignments are made from left to right,
 * so the token comes last.
 */
export const FENCE = `
insert into concordat_barrier (gtid, branch, token, operation) values (?, ?, ?, ?)
on duplicate key update
   at = if(last_insert_id(token) < values(token), current_timestamp(3), at),
   operation = if(token < values(token), values(operation), operation),
   token = greatest(token, values(token))`;
