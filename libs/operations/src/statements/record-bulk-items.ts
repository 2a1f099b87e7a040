import type { Statement } from '../ports.js';

/**
 * $1 id; $2 numbers, $3 states and $4 what was said of items that were waiting, in order; $5
 * whether a person holds back what has failed: that many more may fail.
 *
 * Writes what has come of a batch and counts it; of an item that was counted before, nothing. Stops
 * the bulk once too many have failed, and ends it when none is left. Returns its state.
 *
 * What the bulk becomes is computed from the row that is updated, and from no other reading of it:
 * somebody may have paused it since the statement began.
 */
export const RECORD_BULK_ITEMS: Statement = {
  name: 'record-bulk-items',
  text: `
    with came as (
      select *
        from unnest($2::integer[], $3::text[], $4::text[], $5::boolean[])
          as came (n, state, said, is_held_back)
    ), written as (
      update concordat.bulk_item item
         set state = came.state, said = came.said
        from came
       where item.bulk = $1 and item.n = came.n and item.state = 'waiting'
      returning item.state, came.is_held_back
    ), counted as (
      select count(*) filter (where state = 'done')::integer as done,
             count(*) filter (where state = 'unchanged')::integer as unchanged,
             count(*) filter (where state = 'failed')::integer as failed,
             count(*) filter (where state = 'failed' and not is_held_back)::integer as failing,
             count(*)::integer as of_all
        from written
    )
    update concordat.bulk
       set done = bulk.done + counted.done, unchanged = bulk.unchanged + counted.unchanged,
           failed = bulk.failed + counted.failed,
           failures_max = bulk.failures_max + counted.failed - counted.failing,
           state = case when bulk.ended_at is not null then bulk.state
                        when bulk.failed + counted.failing >= bulk.failures_max then 'stopped'
                        when bulk.done + bulk.unchanged + bulk.failed + counted.of_all >= bulk.total
                        then 'finished'
                        else bulk.state end,
           ended_at = case when bulk.ended_at is not null then bulk.ended_at
                           when bulk.failed + counted.failing >= bulk.failures_max
                             or bulk.done + bulk.unchanged + bulk.failed + counted.of_all
                                >= bulk.total
                           then now() end,
           said = case when bulk.ended_at is null
                        and bulk.failed + counted.failing >= bulk.failures_max
                       then 'too many have failed' else bulk.said end
      from counted
     where bulk.id = $1
    returning bulk.state`,
};
