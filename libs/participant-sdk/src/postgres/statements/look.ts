/**
 * What is known of a branch.
 *
 * $1 gtid, $2 branch, $3 token. Always one row. `compared` says how the token compares with the
 * highest one seen, `operation`, `work` and `reply` whose that was; all are null if none was seen.
 * `committed` is true if a prepared transaction of the branch has committed.
 */
export const LOOK = `
select case when $3 < seen.token then 'lower'
            when $3 = seen.token then 'equal'
            when $3 > seen.token then 'higher' end as compared,
       seen.operation, seen.work, seen.reply,
       exists (select from concordat_branch_committed where gtid = $1 and branch = $2) as committed
  from (values (true)) as always
  left join concordat_barrier seen on seen.gtid = $1 and seen.branch = $2`;
