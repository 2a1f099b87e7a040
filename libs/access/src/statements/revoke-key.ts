import type { Statement } from '../ports.js';

/** $1 id. Revokes a key that is not revoked. Returns it, or no row; its sessions end with it. */
export const REVOKE_KEY: Statement = {
  name: 'revoke-key',
  text: `
    with ended as (delete from concordat.session where key_id = $1)
    update concordat.api_key set revoked_at = now()
     where id = $1 and revoked_at is null
    returning id, prefix, name, grants, made_at, made_by, expires_at, revoked_at, last_used_at`,
};
