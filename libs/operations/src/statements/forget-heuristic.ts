import type { Statement } from '../ports.js';

/** $1 gtid, $2 kind, $3 id and $4 name of who, $5 why. Returns no row if it was there already. */
export const FORGET_HEURISTIC: Statement = {
  name: 'forget-heuristic',
  text: `
    insert into concordat.forgotten_heuristic (gtid, by_kind, by_id, by_name, reason)
    values ($1, $2, $3, $4, $5)
        on conflict (gtid) do nothing
    returning gtid`,
};
