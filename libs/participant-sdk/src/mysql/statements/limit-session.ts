/**
 * Limits what a session may wait for, and remembers what it was limited to.
 *
 * Seconds, three times: for a lock of a row, for a lock of a table, and for its next statement,
 * after which the server ends it. RESTORE_SESSION undoes it.
 */
export const LIMIT_SESSION = `
set @concordat_row_wait = @@session.innodb_lock_wait_timeout,
    @concordat_table_wait = @@session.lock_wait_timeout,
    @concordat_idle_wait = @@session.wait_timeout,
    session innodb_lock_wait_timeout = ?,
    session lock_wait_timeout = ?,
    session wait_timeout = ?`;
