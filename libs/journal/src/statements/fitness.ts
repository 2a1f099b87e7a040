import type { Statement } from '../database.js';

/** Returns one row: what a database must have for a journal. */
export const FITNESS: Statement = {
  name: 'fitness',
  text: `
    select current_setting('server_version_num')::integer as version,
           pg_is_in_recovery() as in_recovery,
           current_setting('transaction_read_only')::boolean as read_only,
           current_setting('synchronous_commit') as synchronous_commit`,
};
