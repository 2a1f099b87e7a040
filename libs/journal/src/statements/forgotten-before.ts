import type { Statement } from '../database.js';

/** Returns one row: the time before which transactions may have been forgotten, or null. */
export const FORGOTTEN_BEFORE: Statement = {
  name: 'forgotten-before',
  text: `select forgotten_before from concordat.retention`,
};
