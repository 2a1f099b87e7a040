/**
 * Whether a transaction is prepared. $1 gid. Returns `prepared`.
 *
 * A gid is seen here as soon as it is on this server's disk, which can be before it has reached
 * the synchronous standby.
 */
export const IS_PREPARED = `
select exists (
  select from pg_prepared_xacts where gid = $1 and database = current_database()
) as prepared`;
