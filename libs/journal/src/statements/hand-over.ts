import type { Statement } from '../database.js';

/**
 * $1 owner. Makes what this owner has leased due at once. Returns nothing.
 *
 * What rests until a later retry or deadline bears the owner's name too, and stays as it is. The
 * two are told apart by when they are due: a lease is seconds long. Should a longer one be
 * configured, it runs out by itself.
 *
 * A row that somebody is changing is skipped: whoever that is sees to it, and to wait for several
 * rows in an order of our own could end in a deadlock.
 *
 * Reads the whole table, which holds unfinished transactions only: once, when an instance stops.
 */
export const HAND_OVER: Statement = {
  name: 'hand-over',
  text: `
    with leased as (
      select gtid from concordat.global_transaction
       where owner = $1 and due_at > now() and due_at <= now() + interval '1 minute'
         for update skip locked
    )
    update concordat.global_transaction unfinished
       set due_at = now()
      from leased
     where unfinished.gtid = leased.gtid`,
};
