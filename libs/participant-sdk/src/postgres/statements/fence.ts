/**
 * Lets a call pass if its token is higher than any seen, and makes it the highest.
 *
 * $1 gtid, $2 branch, $3 token, $4 operation.
 * Returns one row, `work` as it was before this call; no row if an equal or a higher token was
 * seen: read the row then, in another statement. A call of the same branch that is under way holds
 * the row; this one waits for it, and raises 55P03 after lock_timeout.
 */
export const FENCE = `
insert into concordat_barrier as seen (gtid, branch, token, operation)
values ($1, $2, $3, $4)
on conflict (gtid, branch) do update
   set token = excluded.token, operation = excluded.operation, reply = null, at = now()
 where seen.token < excluded.token
returning work`;
