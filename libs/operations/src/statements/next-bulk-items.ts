import type { Statement } from '../ports.js';

/**
 * $1 id, $2 how many at most. The next ones that are waiting, in order. `stage` is that of the
 * line that one has in the audit already: whoever did it did not come to say so here.
 */
export const NEXT_BULK_ITEMS: Statement = {
  name: 'next-bulk-items',
  text: `
    select item.n, item.gtid::text, item.act_id::text, audit.line ->> 'stage' as stage
      from concordat.bulk_item item
      left join concordat.audit on audit.id = item.act_id
     where item.bulk = $1 and item.state = 'waiting'
     order by item.n
     limit $2`,
};
