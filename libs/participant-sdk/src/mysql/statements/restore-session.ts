/** Gives a session back what LIMIT_SESSION has taken from it. */
export const RESTORE_SESSION = `
set session innodb_lock_wait_timeout = @concordat_row_wait,
    session lock_wait_timeout = @concordat_table_wait,
    session wait_timeout = @concordat_idle_wait`;
