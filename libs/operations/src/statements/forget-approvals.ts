import type { Statement } from '../ports.js';

/**
 * $1 asked for before, $2 limit. Deletes those that are over; the audit keeps who asked, who
 * decided and what came of it. Returns the ids.
 */
export const FORGET_APPROVALS: Statement = {
  name: 'forget-approvals',
  text: `
    delete from concordat.approval
     where id in (select id from concordat.approval
                   where asked_at < $1 and state in ('done', 'failed', 'rejected', 'expired')
                   order by asked_at
                   limit $2)
    returning id`,
};
