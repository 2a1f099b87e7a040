import type { Statement } from '../ports.js';

/** Whatever waits for longer than it may. Returns the ids. */
export const EXPIRE_APPROVALS: Statement = {
  name: 'expire-approvals',
  text: `
    update concordat.approval set state = 'expired'
     where state = 'pending' and expires_at <= now()
    returning id`,
};
