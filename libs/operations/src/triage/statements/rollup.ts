import type { Statement } from '../../ports.js';
import { bucketSql } from '../histogram.js';

const LATENCY_MS = `extract(epoch from ended_at - begun_at)::float8 * 1000`;

/** Until when minutes have been summed; null: not begun. */
export const ROLLED_UNTIL: Statement = {
  name: 'triage-rolled-until',
  text: `select until from concordat.rollup`,
};

/** Where summing begins: before anything that has ended. No row if nothing has. */
export const OLDEST_ENDED: Statement = {
  name: 'triage-oldest-ended',
  text: `select gtid from concordat.ended_transaction order by gtid limit 1`,
};

/** $1 an instant. Begins there, unless another instance has begun. */
export const BEGIN_ROLLUP: Statement = {
  name: 'triage-begin-rollup',
  text: `update concordat.rollup set until = $1 where until is null`,
};

/**
 * $1 until when minutes have been summed, $2 until when they are to be: both whole minutes.
 *
 * Sums what has ended in between. Of several instances one moves the mark; the others find it
 * moved, and write nothing. Returns the mark, if it was moved.
 */
export const ROLL_UP: Statement = {
  name: 'triage-roll-up',
  text: `
    with moved as (
      update concordat.rollup set until = $2 where until = $1 returning until
    ), counted as (
      select date_bin('1 minute', ended_at, 'epoch') as minute, protocol, outcome, tenant,
             ${bucketSql(LATENCY_MS)} as bucket, count(*) as ended
        from concordat.ended_transaction
       where exists (select from moved) and ended_at >= $1 and ended_at < $2
       group by 1, 2, 3, 4, 5
    ), written as (
      insert into concordat.ended_minute (minute, protocol, outcome, tenant, ended, latency)
      select minute, protocol, outcome, tenant, sum(ended), jsonb_object_agg(bucket, ended)
        from counted
       group by minute, protocol, outcome, tenant
          on conflict (minute, protocol, outcome, tenant) do nothing
    )
    select until from moved`,
};

/** $1 an instant. Forgets the minutes before it. */
export const FORGET_MINUTES: Statement = {
  name: 'triage-forget-minutes',
  text: `delete from concordat.ended_minute where minute < $1`,
};

/**
 * Lets the indexes by time of ending (BRIN) know of the pages that were filled since: what they do
 * not know of is read whole. A table that is being vacuumed is left to the vacuum, which does it
 * too, and would give way to this.
 */
export const SUMMARIZE: Statement = {
  name: 'triage-summarize',
  text: `
    select sum(brin_summarize_new_values(i.indexrelid))::float8 as ranges
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_am a on a.oid = c.relam and a.amname = 'brin'
      join pg_inherits h on h.inhrelid = i.indexrelid
     where h.inhparent = 'concordat.ended_transaction_ended_at'::regclass and c.relkind = 'i'
       and not exists (select from pg_stat_progress_vacuum v where v.relid = i.indrelid)`,
};
