/**
 * Takes the branch's lock until the end of the transaction, which PREPARE TRANSACTION is not: the
 * prepared transaction goes on holding it.
 *
 * $1 what identifies the branch. Returns `locked`; never waits. Two branches whose hashes are
 * equal share a lock: one of them is told to ask again while the other is prepared.
 */
export const TRY_LOCK = `
select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked`;
