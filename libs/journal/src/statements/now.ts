import type { Statement } from '../database.js';

/** Returns the database's time, in ms since the epoch. */
export const NOW: Statement = {
  name: 'now',
  text: `select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
};
