import type { Statement } from '../ports.js';

/**
 * $1 noted before, $2 limit. Deletes what was noted of heuristic outcomes, as far as the journal
 * has forgotten the transactions. Returns the gtids.
 */
export const FORGET_NOTES: Statement = {
  name: 'forget-notes',
  text: `
    delete from concordat.forgotten_heuristic
     where gtid in (select gtid from concordat.forgotten_heuristic as noted
                     where at < $1
                       and not exists (select from concordat.ended_transaction as ended
                                        where ended.gtid = noted.gtid)
                     order by at
                     limit $2)
    returning gtid`,
};
