import type { Statement } from '../ports.js';

/** $1 hash of a session's id, $2 name, $3 grants, $4 what it is confirmed by next, sealed. */
export const CONFIRM_SESSION: Statement = {
  name: 'confirm-session',
  text: `
    update concordat.session
       set confirmed_at = now(), confirming_at = null, name = $2, grants = $3::jsonb, refresh = $4
     where hash = $1`,
};
