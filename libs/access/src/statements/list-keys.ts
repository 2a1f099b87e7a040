import type { Statement } from '../ports.js';

/** $1 limit. Returns the keys, the newest first, those that are revoked or expired included. */
export const LIST_KEYS: Statement = {
  name: 'list-keys',
  text: `
    select id, prefix, name, grants, made_at, made_by, expires_at, revoked_at, last_used_at
      from concordat.api_key
     order by made_at desc, id desc
     limit $1`,
};
