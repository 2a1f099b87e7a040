/** How a branch stands. $1 gtid, $2 branch. No row if nothing was ever heard of it. */
export const FIND_STANDING = `
select state, last_elected, last_attempt from concordat_standing where gtid = $1 and branch = $2`;
