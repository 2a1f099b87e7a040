import type { Statement } from '../ports.js';

/**
 * $1 hash of a session's id. Takes it upon the caller to have it confirmed, unless somebody else
 * is about to. Returns what its provider confirms it by, sealed, or no row.
 */
export const CLAIM_CONFIRMATION: Statement = {
  name: 'claim-confirmation',
  text: `
    update concordat.session set confirming_at = now()
     where hash = $1 and refresh is not null
       and (confirming_at is null or confirming_at < now() - interval '10 seconds')
    returning refresh`,
};
