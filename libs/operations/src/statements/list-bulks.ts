import type { Statement } from '../ports.js';
import { COLUMNS } from './bulk-row.js';

/**
 * $1 the tenants whose it may be, or null for all; $2 which roles permit each action, as JSON; $3
 * how many at most. The latest first.
 *
 * Those alone that are about no other tenants: whose it is about follows from what whoever asked
 * was granted, as `tenantsFor` has it.
 */
export const LIST_BULKS: Statement = {
  name: 'list-bulks',
  text: `
    select ${COLUMNS} from concordat.bulk
     where $1::text[] is null
        or not exists (
             select from json_array_elements(grants) granted
              where (granted ->> 'tenant') <> all ($1)
                and exists (
                      select from json_array_elements_text(granted -> 'roles') role
                       where ($2::jsonb -> bulk.action) ? role))
     order by asked_at desc
     limit $3`,
};
