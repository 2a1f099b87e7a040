/**
 * Who waits for whose lock on a row or a table, on MariaDB. Needs the privilege PROCESS.
 *
 * A row for each pair. `blocking_id` is the connection that is waited for: 0 if no session has that
 * transaction, which then is `blocking`. `waiting_since` is in milliseconds since 1970. Waits for
 * a table's definition (metadata locks) are not among them.
 */
export const WAITING = `
select requesting.trx_mysql_thread_id as id,
       cast(blocking.trx_id as char) as blocking,
       blocking.trx_mysql_thread_id as blocking_id,
       wanted.lock_table, wanted.lock_type, wanted.lock_mode, wanted.lock_index, wanted.lock_data,
       coalesce(process.user, '') as user,
       coalesce(process.host, '') as host,
       coalesce(process.db, '') as db,
       coalesce(requesting.trx_query, '') as query,
       cast(unix_timestamp(requesting.trx_wait_started) * 1000 as double) as waiting_since,
       cast(timestampdiff(microsecond, requesting.trx_wait_started, now(6)) / 1000 as double)
         as waiting_ms
  from information_schema.innodb_lock_waits waits
  join information_schema.innodb_trx requesting on requesting.trx_id = waits.requesting_trx_id
  join information_schema.innodb_trx blocking on blocking.trx_id = waits.blocking_trx_id
  left join information_schema.innodb_locks wanted on wanted.lock_id = waits.requested_lock_id
  left join information_schema.processlist process
    on process.id = requesting.trx_mysql_thread_id
 order by requesting.trx_wait_started, requesting.trx_mysql_thread_id`;
