/**
 * Makes a standing durable. $1 gtid, $2 branch, $3 state, $4 last elected, $5 last attempt.
 * Always finds its row: ENTER made it.
 */
export const STAND = `
update concordat_standing set state = $3, last_elected = $4, last_attempt = $5
 where gtid = $1 and branch = $2`;
