/**
 * Transactions that no session has: prepared, and their sessions gone. Needs the privilege PROCESS.
 *
 * The server does not say which branch a transaction is of: XA RECOVER lists names, and this lists
 * numbers only.
 */
export const HELD = `
select cast(trx_id as char) as transaction,
       cast(unix_timestamp(trx_started) * 1000 as double) as started_at,
       cast(trx_rows_locked as double) as rows_locked,
       cast(trx_rows_modified as double) as rows_modified
  from information_schema.innodb_trx
 where trx_mysql_thread_id = 0 and trx_state <> 'LOCK WAIT'
 order by trx_started, trx_id`;
