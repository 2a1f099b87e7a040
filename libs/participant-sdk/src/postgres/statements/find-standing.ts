/**
 * How a branch stands. $1 gtid, $2 branch. No row if nothing is known of it. (A row without a state
 * can be seen where a handler has committed by itself in the middle of its first call, D7.)
 */
export const FIND_STANDING = `
select participant, state, last_elected, last_attempt from concordat_standing
 where gtid = $1 and branch = $2
   and state is not null`;
