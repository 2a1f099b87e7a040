import type { Statement } from '../database.js';

/**
 * $1 lowest id to keep, $2 limit. Deletes idempotency keys of older transactions, as far as those
 * have ended. Returns the keys.
 */
export const FORGET_KEYS: Statement = {
  name: 'forget-keys',
  text: `
    delete from concordat.idempotency_key
     where key in (select key from concordat.idempotency_key as old
                    where gtid < $1
                      and not exists (select from concordat.global_transaction as unfinished
                                       where unfinished.gtid = old.gtid)
                    order by gtid
                    limit $2)
    returning key`,
};
