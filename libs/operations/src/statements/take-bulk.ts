import type { Statement } from '../ports.js';
import { COLUMNS } from './bulk-row.js';

/** $1 a lease in ms. Takes one that runs and that nobody is at work on. Returns its lease too. */
export const TAKE_BULK: Statement = {
  name: 'take-bulk',
  text: `
    with next as (
      select id as next_id from concordat.bulk
       where state = 'running' and leased_until <= now()
       order by asked_at
       limit 1
         for update skip locked
    )
    update concordat.bulk taken
       set leased_until = now() + $1 * interval '1 millisecond'
      from next
     where taken.id = next.next_id
    returning ${COLUMNS}, leased_until::text as lease`,
};
