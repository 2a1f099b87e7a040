import type { Statement } from '../ports.js';
import { COLUMNS } from './approval-row.js';

/**
 * $1 id, $2 `approved` or `rejected`, $3 who, as JSON, $4 a lease in ms.
 *
 * Of all that decide at once, one does. Approved, it is leased to whoever has done so. Returns no
 * row if it was decided before, or its time is over.
 */
export const DECIDE_APPROVAL: Statement = {
  name: 'decide-approval',
  text: `
    update concordat.approval
       set state = $2, decided_by = $3::json, decided_at = now(),
           leased_until = now() + $4 * interval '1 millisecond'
     where id = $1 and state = 'pending' and expires_at > now()
    returning ${COLUMNS}`,
};
