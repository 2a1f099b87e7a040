import type { Statement } from '../database.js';

/**
 * $1 owner. Makes all that this owner has leased due at once. Returns nothing.
 *
 * Reads the whole table, which holds unfinished transactions only: once, when an instance stops.
 */
export const HAND_OVER: Statement = {
  name: 'hand-over',
  text: `
    update concordat.global_transaction
       set due_at = now()
     where owner = $1 and due_at > now()`,
};
