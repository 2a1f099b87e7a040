/**
 * Makes a vote durable, with all that is needed to end the branch without the coordinator.
 *
 * $1 gtid, $2 branch, $3 state, $4 the answer to repeat, as JSON text. Of a prepared vote, else
 * null: $5 roster and $6 payload as JSON text, $7 the branch's place on the roster, $8 deadline.
 * Always finds its row: ENTER made it.
 */
export const VOTE = `
update concordat_standing
   set state = $3, vote = $4, roster = $5, payload = $6, place = $7, deadline_at = $8
 where gtid = $1 and branch = $2`;
