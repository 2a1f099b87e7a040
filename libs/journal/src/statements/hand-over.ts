import type { Statement } from '../database.js';

/**
 * $1 owner. Makes what this owner has leased due at once. Returns nothing.
 *
 * What rests until a later retry or deadline bears the owner's name too, and stays as it is. The
 * two are told apart by when they are due: a lease is seconds long. Should a longer one be
 * configured, it runs out by itself.
 *
 * Reads the whole table, which holds unfinished transactions only: once, when an instance stops.
 */
export const HAND_OVER: Statement = {
  name: 'hand-over',
  text: `
    update concordat.global_transaction
       set due_at = now()
     where owner = $1 and due_at > now() and due_at <= now() + interval '1 minute'`,
};
