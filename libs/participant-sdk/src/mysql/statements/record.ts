/**
 * Records what a call that has passed the fence came to.
 *
 * work, reply as JSON text, gtid, branch. Always finds its row: the fence made it.
 */
export const RECORD = `
update concordat_barrier
   set work = ?, reply = ?, answered = token, at = current_timestamp(3)
 where gtid = ? and branch = ?`;
