/**
 * Returns one row: what a self-test must know of the server and of this session. `$1` is the
 * beginning of the gids of our own, as a pattern; `foreign_owners` has the roles that have prepared
 * such branches here which this role may not end.
 */
export const FACTS = `
select current_setting('server_version') as version,
       current_setting('server_version_num')::integer as version_number,
       pg_is_in_recovery() as in_recovery,
       current_setting('transaction_read_only')::boolean as read_only,
       current_setting('max_prepared_transactions')::integer as prepared_max,
       (select count(*) from pg_prepared_xacts)::integer as prepared_count,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('synchronous_standby_names') as standby_names,
       current_database() as database,
       current_user as role,
       (select rolsuper from pg_roles where rolname = current_user) as is_superuser,
       pg_has_role(current_user, 'pg_read_all_stats', 'usage') as reads_all_stats,
       array(select distinct owner::text from pg_prepared_xacts
              where database = current_database() and gid like $1 and owner <> current_user
              order by 1) as foreign_owners,
       pg_backend_pid() as backend`;
