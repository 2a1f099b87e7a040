import type { Statement } from '../ports.js';

/**
 * $1 gtid, $2 actor, $3 action, each null for any; $4 the tenants, null for all; $5 before which
 * line, null for the latest; $6 how many at most. The latest first.
 *
 * Goes by the index of what is given, or by the primary key from its end.
 */
export const LIST_AUDIT: Statement = {
  name: 'list-audit',
  text: `
    select seq::float8, at, line, encode(hash, 'hex') as hash from concordat.audit
     where ($1::uuid is null or gtid = $1)
       and ($2::text is null or actor = $2)
       and ($3::text is null or action = $3)
       and ($4::text[] is null or tenant = any($4))
       and ($5::bigint is null or seq < $5)
     order by seq desc
     limit $6`,
};
