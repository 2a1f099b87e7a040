import { HERE, xid8Of } from './here.js';

/**
 * What is there of a branch. $1 its gid, $2 the xid8 that has voted, as text, or null.
 *
 * Returns one row. `prepared_in` is the database that it is prepared in, null if it is not;
 * `may_end` whether this role may end it (its owner, or a superuser; a member of its owner's role
 * may not). `fate` is what pg_xact_status says of $2: null where it is too old, and `unassigned`
 * where this server has not come to it, of which pg_xact_status would say that it is in the future.
 *
 * A gid is seen as soon as it is on this server's disk, which can be before it has reached the
 * synchronous standby; so can a fate. So with synchronous replication this statement writes a
 * message of its own to the WAL, and its commit waits until that, and all before it, has arrived
 * (`is_replicated`): even for a role whose commits do not wait. Without, it writes nothing.
 */
export const LOOK = `
with ${HERE},
arrives as materialized (
  select case when not in_recovery and current_setting('synchronous_standby_names') <> '' then
           set_config('synchronous_commit',
                      case when current_setting('synchronous_commit') in ('off', 'local') then 'on'
                           else current_setting('synchronous_commit') end, true)
           || pg_logical_emit_message(true, 'concordat', 'look')::text
         end as message
    from here
)
select here.in_recovery, here.database, here.role, here.server,
       arrives.message is not null as is_replicated,
       prepared.database as prepared_in,
       prepared.owner as prepared_by,
       coalesce(prepared.owner = here.role
             or (select rolsuper from pg_roles where rolname = here.role), false) as may_end,
       ${xid8Of('prepared.transaction')} as xid,
       case when $2::text is null or here.in_recovery then null
            when $2::text::xid8 >= next::text::xid8 then 'unassigned'
            else pg_xact_status($2::text::xid8) end as fate
  from here cross join arrives
  left join pg_prepared_xacts prepared on prepared.gid = $1`;
