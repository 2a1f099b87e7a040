import type { Statement } from '../ports.js';

/**
 * $1 id; $2 numbers, $3 states and $4 what was said of items that were waiting, in order.
 *
 * Writes what has come of a batch and counts it; of an item that was counted before, nothing. Stops
 * the bulk once too many have failed, and ends it when none is left. Returns its state.
 */
export const RECORD_BULK_ITEMS: Statement = {
  name: 'record-bulk-items',
  text: `
    with came as (
      select * from unnest($2::integer[], $3::text[], $4::text[]) as came (n, state, said)
    ), written as (
      update concordat.bulk_item item
         set state = came.state, said = came.said
        from came
       where item.bulk = $1 and item.n = came.n and item.state = 'waiting'
      returning item.state
    ), counted as (
      select count(*) filter (where state = 'done')::integer as done,
             count(*) filter (where state = 'unchanged')::integer as unchanged,
             count(*) filter (where state = 'failed')::integer as failed
        from written
    ), after as (
      select bulk.id as after_id, counted.*,
             case when bulk.state not in ('running', 'paused') then bulk.state
                  when bulk.failed + counted.failed >= bulk.failures_max then 'stopped'
                  when bulk.done + bulk.unchanged + bulk.failed + counted.done
                       + counted.unchanged + counted.failed >= bulk.total then 'finished'
                  else bulk.state end as next
        from concordat.bulk, counted
       where bulk.id = $1
    )
    update concordat.bulk
       set done = bulk.done + after.done, unchanged = bulk.unchanged + after.unchanged,
           failed = bulk.failed + after.failed, state = after.next,
           ended_at = case when after.next in ('stopped', 'finished') then now()
                           else bulk.ended_at end,
           said = case when after.next = 'stopped' then 'too many have failed' else bulk.said end
      from after
     where bulk.id = after.after_id
    returning bulk.state`,
};
