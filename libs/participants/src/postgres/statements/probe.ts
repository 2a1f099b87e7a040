import { HERE, xid8Of } from './here.js';

/**
 * What is there of a branch, for people. $1 its gid, $2 the xid8 that has voted, as text, or null.
 *
 * Returns one row, like LOOK, and `prepared_at` in milliseconds since 1970. It writes nothing, and
 * waits for nobody: what is seen may not be on the synchronous standby yet (`has_standby`).
 */
export const PROBE = `
with ${HERE}
select here.in_recovery, here.database, here.role, here.server,
       false as is_replicated,
       current_setting('synchronous_standby_names') <> '' as has_standby,
       prepared.database as prepared_in,
       prepared.owner as prepared_by,
       floor(extract(epoch from prepared.prepared) * 1000)::double precision as prepared_at,
       coalesce(prepared.owner = here.role
             or (select rolsuper from pg_roles where rolname = here.role), false) as may_end,
       ${xid8Of('prepared.transaction')} as xid,
       case when $2::text is null or here.in_recovery then null
            when $2::text::xid8 >= next::text::xid8 then 'unassigned'
            else pg_xact_status($2::text::xid8) end as fate
  from here
  left join pg_prepared_xacts prepared on prepared.gid = $1`;
