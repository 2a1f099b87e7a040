import { HERE, xid8Of } from './here.js';

/**
 * All that is prepared in this database, as LIST has it, with each `transaction` as pg_locks names
 * it, and whether this role may see what the sessions of others do (`reads_all`).
 */
export const PREPARED = `
with ${HERE}
select here.in_recovery, here.role,
       pg_has_role(here.role, 'pg_read_all_stats', 'usage') as reads_all,
       prepared.gid,
       prepared.transaction::text as transaction,
       ${xid8Of('prepared.transaction')} as xid,
       floor(extract(epoch from prepared.prepared) * 1000)::double precision as prepared_at,
       prepared.owner,
       prepared.database
  from here
  left join pg_prepared_xacts prepared on prepared.database = here.database
 order by prepared.prepared, prepared.gid`;
