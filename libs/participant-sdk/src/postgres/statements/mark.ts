/**
 * Marks a branch as committed, to be seen from the moment its prepared transaction commits.
 *
 * $1 gtid, $2 branch. To be run inside the transaction that does the work, after it, in one query
 * with PREPARE TRANSACTION. Inserts one row if the transaction has written or locked a row. If it
 * has only read, there is nothing to commit: raises 23502 for this table, and the query ends
 * before anything is prepared.
 */
export const MARK = `
insert into concordat_branch_committed (gtid, branch)
select case when pg_current_xact_id_if_assigned() is not null then $1 end, $2`;

export const MARK_TABLE = 'concordat_branch_committed';
