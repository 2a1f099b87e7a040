import type { Statement } from '../ports.js';

/** $1 id. Returns the key, whatever has become of it. */
export const FIND_KEY_BY_ID: Statement = {
  name: 'find-key-by-id',
  text: `
    select id, prefix, name, grants, made_at, made_by, expires_at, revoked_at, last_used_at
      from concordat.api_key
     where id = $1`,
};
