/**
 * What the barrier keeps of a branch, and whether its marker is there. gtid, branch, gtid, branch.
 *
 * Like LOOK, with the time of the row in milliseconds since 1970. At READ UNCOMMITTED it shows what
 * a transaction has written that has not ended: so it says whether there is one.
 */
export const INSPECT = `
select 'seen' as what, token, operation, work, answered,
       cast(unix_timestamp(at) * 1000 as double) as at
  from concordat_barrier where gtid = ? and branch = ?
 union all
select 'committed', null, null, null, null, null from concordat_branch_committed
 where gtid = ? and branch = ?`;
