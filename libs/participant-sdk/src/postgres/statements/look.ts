/**
 * What is known of a branch.
 *
 * $1 gtid, $2 branch, $3 token. Always one row. `seen` is null if no token was seen; else its
 * `compared` says how the token compares with the highest one seen, `operation`, `work` and
 * `reply` whose that was. `committed` is true if a prepared transaction of the branch has
 * committed. (A left join says the same, and takes longer to plan.)
 */
export const LOOK = `
select (
         select row_to_json(highest)
           from (
                  select case when $3 < token then 'lower'
                              when $3 = token then 'equal'
                              else 'higher' end as compared, operation, work, reply
                    from concordat_barrier where gtid = $1 and branch = $2
                ) as highest
       ) as seen,
       exists (
         select from concordat_branch_committed where gtid = $1 and branch = $2
       ) as committed`;
