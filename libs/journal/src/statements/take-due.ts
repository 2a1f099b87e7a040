import type { Statement } from '../database.js';

/**
 * $1 owner, $2 lease in ms, $3 limit.
 *
 * Leases the transactions that have been due longest to the owner, and returns them as they are
 * after that, in no order. A row that somebody else is changing or taking is skipped, so two
 * instances never wait for each other here and never take the same row.
 */
export const TAKE_DUE: Statement = {
  name: 'take-due',
  text: `
    with due as (
      select gtid from concordat.global_transaction
       where due_at <= now()
       order by due_at
       limit $3
         for update skip locked
    )
    update concordat.global_transaction unfinished
       set owner = $1, due_at = now() + $2 * interval '1 millisecond'
      from due
     where unfinished.gtid = due.gtid
    returning unfinished.gtid, version, state, attempts, null as ended_at`,
};
