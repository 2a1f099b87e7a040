/**
 * What is known of a branch.
 *
 * gtid, branch, gtid, branch. At most one row whose `what` is `seen`: the highest token that was
 * seen, whose it was, and to which token the reply is; and at most one whose `what` is `committed`:
 * a prepared transaction of the branch has committed. Nobody is waited for.
 */
export const LOOK = `
select 'seen' as what, token, operation, work, answered, reply from concordat_barrier
 where gtid = ? and branch = ?
 union all
select 'committed', null, null, null, null, null from concordat_branch_committed
 where gtid = ? and branch = ?`;
