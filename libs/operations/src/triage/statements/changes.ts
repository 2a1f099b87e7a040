import type { Statement } from '../../ports.js';

/**
 * What can be told from what it was a second ago: by tenant, how many transactions are unfinished
 * and which was written last (`xmin` grows with every write); the newest that have ended; the last
 * lines of the audit. What has not been begun, advanced or ended leaves all of it as it was.
 */
export const CHANGES: Statement = {
  name: 'triage-changes',
  text: `
    select 'unfinished' as what, tenant, count(*) || ' ' || max(xmin::text::bigint) as mark
      from concordat.global_transaction group by tenant
     union all
    select 'ended', tenant, max(gtid::text)
      from (select tenant, gtid from concordat.ended_transaction
             order by gtid desc limit 200) as newest group by tenant
     union all
    select 'audit', tenant, max(seq)::text
      from (select tenant, seq from concordat.audit
             order by seq desc limit 200) as latest group by tenant`,
};
