/**
 * What the barrier keeps of a branch, and whether its marker is there. $1 gtid, $2 branch.
 *
 * Always one row; `token` is null if no call was seen. Nothing is locked, and nobody waited for.
 */
export const INSPECT_ROW = `
select token::text, operation, work, reply is not null as is_answered,
       to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
       exists (
         select from concordat_branch_committed where gtid = $1 and branch = $2
       ) as is_marked
  from (select) as always
  left join concordat_barrier on gtid = $1 and branch = $2`;
