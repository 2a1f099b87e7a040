/**
 * Every session that waits for a lock, the longest waiting first.
 *
 * `blocked_by` are the processes that it waits for, 0 standing for any prepared transaction;
 * `holders` the virtual transactions of those that hold, prepared, what it waits for. `row_of` is
 * where the row is that it waits for, if it is one: who waits for the end of a transaction because
 * of a row holds the lock of that row's place meanwhile. Times are in milliseconds, `waiting_since`
 * since 1970.
 *
 * `query` and `application` of other roles' sessions are shown to a superuser, and to roles that
 * have pg_read_all_stats (as pg_monitor has).
 */
export const WAITING = `
with locks as materialized (select * from pg_locks),
waiting as materialized (
  select locks.*, pg_blocking_pids(pid) as blocked_by from locks where not granted
)
select waiting.pid,
       waiting.blocked_by,
       array(
         select held.virtualtransaction from locks held
          where held.granted and held.pid is null and 0 = any (waiting.blocked_by)
            and held.locktype = waiting.locktype
            and held.database is not distinct from waiting.database
            and held.relation is not distinct from waiting.relation
            and held.page is not distinct from waiting.page
            and held.tuple is not distinct from waiting.tuple
            and held.transactionid is not distinct from waiting.transactionid
            and held.classid is not distinct from waiting.classid
            and held.objid is not distinct from waiting.objid
            and held.objsubid is not distinct from waiting.objsubid
       ) as holders,
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
  left join pg_stat_activity activity on activity.pid = waiting.pid
  left join lateral (
         select own.database, own.relation, own.page, own.tuple from locks own
          where own.pid = waiting.pid and own.locktype = 'tuple'
          order by own.granted limit 1
       ) as place on true
  left join pg_class
    on pg_class.oid = coalesce(place.relation, waiting.relation)
   and coalesce(place.database, waiting.database) in (
         0, (select oid from pg_database where datname = current_database())
       )
  left join pg_namespace on pg_namespace.oid = relnamespace
 order by waitstart, waiting.pid`;
