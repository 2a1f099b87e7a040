import type { Statement } from '../database.js';

/**
 * $1 lowest id to keep, $2 limit, $3 the time of $1. Deletes ended transactions for whose day
 * there was no partition, with their lines, and notes that. Returns their gtids.
 */
export const FORGET_STRAYS: Statement = {
  name: 'forget-strays',
  text: `
    with stray as (
      delete from concordat.ended_transaction_default
       where gtid in (select gtid from concordat.ended_transaction_default
                       where gtid < $1 order by gtid limit $2)
      returning gtid
    ), lines as (
      delete from concordat.journal_default using stray where journal_default.gtid = stray.gtid
    ), noted as (
      update concordat.retention set forgotten_before = greatest(forgotten_before, $3)
       where exists (select from stray)
    )
    select gtid from stray`,
};
