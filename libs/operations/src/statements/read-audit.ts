import type { Statement } from '../ports.js';

/**
 * $1 after which line, $2 up to which, $3 how many at most. In order, as they were hashed: the line
 * as text, and microseconds since the epoch.
 */
export const READ_AUDIT: Statement = {
  name: 'read-audit',
  text: `
    select seq::float8, id::text, tenant, actor, action, gtid::text, line::text,
           (extract(epoch from at) * 1000000)::bigint::text as micros, encode(hash, 'hex') as hash
      from concordat.audit
     where seq > $1 and seq <= $2
     order by seq
     limit $3`,
};
