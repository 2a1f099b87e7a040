import type { Statement } from '../ports.js';

/**
 * $1 asked for before, $2 limit. Deletes those that are over, or have stopped and were not resumed,
 * with their items; the audit keeps who asked for what, and each act. Returns the ids.
 */
export const FORGET_BULKS: Statement = {
  name: 'forget-bulks',
  text: `
    delete from concordat.bulk
     where state <> 'running'
       and id in (select id from concordat.bulk
                   where asked_at < $1 and state in ('cancelled', 'stopped', 'finished')
                   order by asked_at
                   limit $2)
    returning id`,
};
