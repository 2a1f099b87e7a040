import type { Statement } from '../ports.js';

/**
 * $1 hash of the session's id, $2 kind, $3 id and $4 name of its principal, $5 grants, $6 the key
 * that it ends with or null, $7 what ties it to the setting's key or null, $8 how long a session
 * lasts at most in ms, $9 what its provider confirms it by, sealed, or null. Forgets the sessions
 * that are older.
 */
export const BEGIN_SESSION: Statement = {
  name: 'begin-session',
  text: `
    with forgotten as (
      delete from concordat.session where begun_at < now() - $8 * interval '1 millisecond'
    )
    insert into concordat.session (hash, kind, principal, name, grants, key_id, bound_to, refresh)
    values ($1, $2, $3, $4, $5::jsonb, $6, $7, $9)`,
};
