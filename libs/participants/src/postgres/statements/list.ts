import { HERE, xid8Of } from './here.js';

/**
 * All that is prepared in this database. Returns a row for each, the oldest first; one row with
 * nulls if there is none. What is prepared in other databases of the server cannot be ended from
 * here, and is not listed. A standby (`in_recovery`) does not list what its primary has.
 */
export const LIST = `
with ${HERE}
select here.in_recovery,
       prepared.gid,
       ${xid8Of('prepared.transaction')} as xid,
       floor(extract(epoch from prepared.prepared) * 1000)::double precision as prepared_at,
       prepared.owner,
       prepared.database
  from here
  left join pg_prepared_xacts prepared on prepared.database = here.database
 order by prepared.prepared, prepared.gid`;
