import type { Statement } from '../ports.js';

/** $1 the bulk, $2 the number of the first, $3 gtids and $4 the ids of their lines, in order. */
export const ADD_BULK_ITEMS: Statement = {
  name: 'add-bulk-items',
  text: `
    insert into concordat.bulk_item (bulk, n, gtid, act_id)
    select $1, $2 + ordinality - 1, gtid, act_id
      from unnest($3::uuid[], $4::uuid[]) with ordinality as item (gtid, act_id, ordinality)`,
};
