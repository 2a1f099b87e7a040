import type { Statement } from '../ports.js';

/** $1 the id of a line. Returns a row if it is in the audit. */
export const IS_AUDITED: Statement = {
  name: 'is-audited',
  text: 'select from concordat.audit where id = $1',
};
