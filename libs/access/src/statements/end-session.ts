import type { Statement } from '../ports.js';

/** $1 hash of the session's id. Ends it. */
export const END_SESSION: Statement = {
  name: 'end-session',
  text: `delete from concordat.session where hash = $1`,
};
