import type { Statement } from '../ports.js';

/** $1 id, $2 how many at most. The last that have failed, the latest first. */
export const LIST_BULK_FAILURES: Statement = {
  name: 'list-bulk-failures',
  text: `
    select gtid::text, said from concordat.bulk_item
     where bulk = $1 and state = 'failed'
     order by n desc
     limit $2`,
};
