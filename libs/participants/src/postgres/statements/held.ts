import { HERE, xid8Of } from './here.js';

/**
 * Everything that is prepared in this database, and what it holds. A row for each, the oldest
 * first; one row with nulls if there is none, as in LIST. `locks` are of tables and the like, not
 * of their indexes, at most 100 of each. `holder` is its virtual transaction.
 *
 * Postgres names no process for what a prepared transaction holds. Its locks have no pid, and the
 * virtual transaction of the session that has prepared it; after a restart, `-1/<xid>`. The lock
 * that every transaction has on its own xid says which is whose. Which rows it has locked stands in
 * the rows themselves, and is seen only where somebody waits for one (WAITING).
 */
export const HELD = `
with ${HERE},
locks as materialized (select * from pg_locks where pid is null and granted),
own as materialized (
  select transactionid, virtualtransaction as holder from locks
   where locktype = 'transactionid' and mode = 'ExclusiveLock'
)
select here.in_recovery, here.role,
       pg_has_role(here.role, 'pg_read_all_stats', 'usage') as reads_all,
       prepared.gid,
       own.holder,
       ${xid8Of('prepared.transaction')} as xid,
       floor(extract(epoch from prepared.prepared) * 1000)::double precision as prepared_at,
       prepared.owner,
       prepared.database,
       coalesce((
         select json_agg(json_build_object('type', locktype, 'relation', name, 'mode', mode)
                         order by name, mode)
           from (
                  select distinct locktype, mode, nspname || '.' || relname as name
                    from locks
                    left join pg_class on pg_class.oid = locks.relation
                    left join pg_namespace on pg_namespace.oid = relnamespace
                   where locks.virtualtransaction = own.holder
                     and locktype in ('relation', 'advisory', 'object', 'userlock')
                     and (relkind is null or relkind not in ('i', 'I', 't'))
                   limit 100
                ) as shown
       ), '[]') as locks
  from here
  left join pg_prepared_xacts prepared on prepared.database = here.database
  left join own on own.transactionid = prepared.transaction
 order by prepared.prepared, prepared.gid`;
