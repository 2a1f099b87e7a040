/**
 * Finds the marker of a branch, and waits for whoever has written it and not ended yet.
 *
 * gtid, branch. One row if the branch has committed. Raises 1205 after innodb_lock_wait_timeout.
 */
export const LOCK_MARK = `
select 1 as committed from concordat_branch_committed where gtid = ? and branch = ? for update`;
