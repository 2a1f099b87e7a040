import type { Statement } from '../ports.js';
import { COLUMNS } from './approval-row.js';

/**
 * $1 a lease in ms. Takes one that is approved and not done, and that nobody is at; what another
 * instance is taking is skipped.
 */
export const TAKE_APPROVED: Statement = {
  name: 'take-approved',
  text: `
    with next as (
      select id as next_id from concordat.approval
       where state = 'approved' and leased_until <= now()
       order by asked_at
       limit 1
         for update skip locked
    )
    update concordat.approval taken
       set leased_until = now() + $1 * interval '1 millisecond'
      from next
     where taken.id = next.next_id
    returning ${COLUMNS}`,
};
