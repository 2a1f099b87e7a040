import type { Statement } from '../database.js';

/** $1 idempotency key. Returns the transaction that was begun with it, or no row. */
export const FIND_BY_KEY: Statement = {
  name: 'find-by-key',
  text: `select gtid, digest from concordat.idempotency_key where key = $1`,
};
