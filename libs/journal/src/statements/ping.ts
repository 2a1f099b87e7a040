import type { Statement } from '../database.js';

/** Returns one row if the database answers at all. */
export const PING: Statement = { name: 'ping', text: `select 1 as answer` };
