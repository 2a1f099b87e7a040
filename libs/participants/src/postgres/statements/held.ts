/**
 * Every lock that a prepared transaction holds; those on indexes and TOAST tables are left out.
 *
 * Postgres names no process for them. They have no pid, and for `holder` the virtual transaction
 * of the session that has prepared; after a restart, `-1/<xid>`. The lock that every transaction
 * has on its own id (`transaction`, where the type is transactionid) says which is whose. Which
 * rows are locked stands in the rows themselves, and is seen only where somebody waits (WAITING).
 */
export const HELD = `
select distinct
       virtualtransaction as holder,
       locktype as type,
       mode,
       transactionid::text as transaction,
       nspname || '.' || relname as relation
  from pg_locks
  left join pg_class on pg_class.oid = relation
  left join pg_namespace on pg_namespace.oid = relnamespace
 where pid is null and granted
   and locktype in ('transactionid', 'relation', 'advisory', 'object', 'userlock')
   and (relkind is null or relkind not in ('i', 'I', 't'))`;
