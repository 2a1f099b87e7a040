/**
 * Every session that waits for a lock, the longest waiting first.
 *
 * `blocked_by` are the processes that it waits for, 0 standing for any prepared transaction;
 * `holders` the virtual transactions of those that hold, prepared, what it waits for. `row_of` is
 * where the row is that it waits for, if it is one: who waits for the end of a transaction because
 * of a row holds the lock of that row's place meanwhile. Times are in milliseconds, `waiting_since`
 * since 1970.
 *
 * `what` names a lock: for each type of lock the same of its columns are null.
 *
 * `query` and `application` of other roles' sessions are shown to a superuser, and to roles that
 * have pg_read_all_stats (as pg_monitor has).
 */
export const WAITING = `
with locks as materialized (
  select *,
         concat_ws('/', locktype, database, relation, page, tuple, transactionid, classid, objid,
                   objsubid) as what
    from pg_locks
),
waiting as materialized (
  select *, pg_blocking_pids(pid) as blocked_by from locks where not granted
),
holding as materialized (
  select what, array_agg(virtualtransaction) as holders
    from locks where granted and pid is null group by what
),
place as materialized (
  select distinct on (pid) pid, database, relation, page, tuple
    from locks where locktype = 'tuple' and pid is not null order by pid, granted
)
select waiting.pid,
       waiting.blocked_by,
       case when 0 = any (waiting.blocked_by) then coalesce(holding.holders, '{}')
            else '{}' end as holders,
       waiting.locktype,
       waiting.mode,
       nspname || '.' || relname as relation,
       case when place.tuple is not null then format('(%s,%s)', place.page, place.tuple)
            end as row_of,
       coalesce(application_name, '') as application,
       coalesce(usename, '') as "user",
       coalesce(datname, '') as database,
       coalesce(query, '') as query,
       floor(extract(epoch from waitstart) * 1000)::double precision as waiting_since,
       floor(extract(epoch from clock_timestamp() - waitstart) * 1000)::double precision
         as waiting_ms
  from waiting
  left join holding on holding.what = waiting.what
  left join pg_stat_activity activity on activity.pid = waiting.pid
  left join place on place.pid = waiting.pid
  left join pg_class
    on pg_class.oid = coalesce(place.relation, waiting.relation)
   and coalesce(place.database, waiting.database) in (
         0, (select oid from pg_database where datname = current_database())
       )
  left join pg_namespace on pg_namespace.oid = relnamespace
 order by waitstart, waiting.pid`;
