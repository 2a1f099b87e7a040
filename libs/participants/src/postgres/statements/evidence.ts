/**
 * For whoever prepares a branch in this process: asked inside its transaction, before PREPARE
 * TRANSACTION, it returns one row with `result`, which is what `prepare` would have answered with;
 * no row if the transaction has written nothing: a read-only branch, which is committed at once.
 */
export const EVIDENCE = `
select jsonb_build_object(
         'xid', xid,
         'server', (select system_identifier from pg_control_system())
                   || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8),
         'replicated', current_setting('synchronous_standby_names') <> ''
                       and current_setting('synchronous_commit') not in ('off', 'local')
       ) as result
  from pg_current_xact_id_if_assigned() as assigned(xid)
 where xid is not null`;
