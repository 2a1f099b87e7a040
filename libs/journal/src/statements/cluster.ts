import type { Statement } from '../database.js';

/** Returns the id of this journal: eight hexadecimal digits, which never change. */
export const CLUSTER: Statement = {
  name: 'cluster',
  text: 'select id from concordat.cluster',
};
