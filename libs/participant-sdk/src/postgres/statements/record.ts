/**
 * Records what a call that has passed the fence came to.
 *
 * $1 gtid, $2 branch, $3 work, $4 reply as JSON text or null where there is none to repeat.
 * Always finds its row: the fence made it.
 */
export const RECORD = `
update concordat_barrier
   set work = $3, reply = $4, at = now()
 where gtid = $1 and branch = $2`;
