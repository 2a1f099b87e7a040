import type { Statement } from '../database.js';

/**
 * $1 owner, $2 lease in ms, $3 gtid.
 *
 * TAKE_DUE for one transaction: returns no row if it is not due, has ended, or is being taken.
 */
export const TAKE: Statement = {
  name: 'take',
  text: `
    with due as (
      select gtid from concordat.global_transaction
       where gtid = $3 and due_at <= now()
         for update skip locked
    )
    update concordat.global_transaction unfinished
       set owner = $1, due_at = now() + $2 * interval '1 millisecond'
      from due
     where unfinished.gtid = due.gtid
    returning unfinished.gtid, version, state, attempts, null as ended_at`,
};
