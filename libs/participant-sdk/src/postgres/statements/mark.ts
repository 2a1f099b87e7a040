/**
 * Marks a branch as committed, to be seen from the moment its prepared transaction commits; unless
 * there is nothing to commit.
 *
 * $1 gtid, $2 branch. To be run inside the transaction that does the work, as its last statement.
 * Inserts one row if the transaction has written or locked a row; none if it has only read.
 */
export const MARK = `
insert into concordat_branch_committed (gtid, branch)
select $1, $2 where pg_current_xact_id_if_assigned() is not null`;
