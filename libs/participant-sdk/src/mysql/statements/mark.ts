/**
 * Marks a branch as committed, to be seen from the moment its prepared transaction commits.
 *
 * gtid, branch. To be run inside the transaction that does the work, before XA END.
 */
export const MARK = `insert into concordat_branch_committed (gtid, branch) values (?, ?)`;
