import type { Statement } from '../ports.js';

/**
 * $1 prefix, $2 hash of the key that was sent. Returns the key with this prefix as it is now, if
 * it may still be used, whatever its hash. Notes its use once a minute, if the hash is right.
 */
export const FIND_KEY: Statement = {
  name: 'find-key',
  text: `
    with found as (
      select id, hash, name, grants,
             extract(epoch from expires_at - now())::float8 * 1000 as expires_in_ms,
             hash = $2 and coalesce(last_used_at < now() - interval '1 minute', true) as unnoted
        from concordat.api_key
       where prefix = $1 and revoked_at is null and (expires_at is null or expires_at > now())
    ), noted as (
      update concordat.api_key set last_used_at = now()
        from found
       where api_key.id = found.id and found.unnoted
    )
    select id, hash, name, grants, expires_in_ms from found`,
};
