import type { Statement } from '../ports.js';

/** $1 id, $2 prefix, $3 hash, $4 name, $5 grants, $6 who makes it, $7 when it expires or null. */
export const MAKE_KEY: Statement = {
  name: 'make-key',
  text: `
    insert into concordat.api_key (id, prefix, hash, name, grants, made_by, expires_at)
    values ($1, $2, $3, $4, $5::jsonb, $6, $7)
    returning id, prefix, name, grants, made_at, made_by, expires_at, revoked_at, last_used_at`,
};
