import type { Statement } from '../ports.js';

/** $1 id, $2 `done` or `failed`, $3 what came of it. */
export const SETTLE_APPROVAL: Statement = {
  name: 'settle-approval',
  text: `
    update concordat.approval set state = $2, said = $3
     where id = $1 and state = 'approved'
    returning id`,
};
