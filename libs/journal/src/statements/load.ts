import type { Statement } from '../database.js';

/**
 * $1 gtid. Returns the transaction, unfinished or ended, or no row.
 *
 * One statement, hence one snapshot: a row that is moving from one table to the other is seen in
 * exactly one of them.
 */
export const LOAD: Statement = {
  name: 'load',
  text: `
    select gtid, version, state, attempts, ended_at
      from concordat.transaction
     where gtid = $1`,
};
