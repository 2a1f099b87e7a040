/**
 * Marks a branch as committed, seen from the moment its prepared transaction commits.
 *
 * $1 gtid, $2 branch. To be run inside the transaction that is about to be prepared.
 */
export const MARK = `
insert into concordat_branch_committed (gtid, branch) values ($1, $2)`;
