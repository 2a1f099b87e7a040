/**
 * Since when a gid is prepared, and whether a transaction has the lock of its branch. $1 the gid.
 *
 * Always one row; `since` is null if it is not prepared. The lock is that of TRY_LOCK, looked at
 * and not taken. To be asked before INSPECT_ROW: what has ended in between is seen there.
 */
export const INSPECT_PREPARED = `
select to_char(prepared at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since,
       exists (
         select from pg_locks
          where locktype = 'advisory' and objsubid = 1
            and database = (select oid from pg_database where datname = current_database())
            and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)
       ) as is_locked
  from (select) as always
  left join pg_prepared_xacts on gid = $1 and database = current_database()`;
