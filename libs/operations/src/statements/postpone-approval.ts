import type { Statement } from '../ports.js';

/** $1 id, $2 why it is not done yet, $3 in how many ms somebody is to try again. */
export const POSTPONE_APPROVAL: Statement = {
  name: 'postpone-approval',
  text: `
    update concordat.approval
       set said = $2, leased_until = now() + $3 * interval '1 millisecond'
     where id = $1 and state = 'approved'
    returning id`,
};
