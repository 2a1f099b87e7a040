import type { Statement } from '../ports.js';

/**
 * $1 hash of the session's id, $2 how long it may be idle and $3 how long it lasts at most in ms,
 * $4 whether a person is at it. Returns the session with the grants that its key has now, unless
 * it is over or its key may no longer be used. Notes once a minute that somebody is at it.
 */
export const FIND_SESSION: Statement = {
  name: 'find-session',
  text: `
    with found as (
      select session.hash, kind, principal, session.name, bound_to,
             coalesce(api_key.grants, session.grants) as grants,
             extract(epoch from now() - confirmed_at)::float8 * 1000 as confirmed_ago_ms,
             begun_at + $3 * interval '1 millisecond' as ends_at,
             $4 and seen_at < now() - interval '1 minute' as unnoted
        from concordat.session
        left join concordat.api_key on api_key.id = key_id
       where session.hash = $1
         and seen_at > now() - $2 * interval '1 millisecond'
         and begun_at > now() - $3 * interval '1 millisecond'
         and (key_id is null
              or revoked_at is null and (expires_at is null or expires_at > now()))
    ), noted as (
      update concordat.session set seen_at = now()
        from found
       where session.hash = found.hash and found.unnoted
    )
    select kind, principal, name, bound_to, grants, ends_at, confirmed_ago_ms
      from found`,
};
