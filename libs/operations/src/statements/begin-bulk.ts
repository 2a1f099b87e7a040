import type { Statement } from '../ports.js';

/**
 * $1 id, $2 action, $3 filter, $4 reason, $5 who asks and $6 what he is granted, as JSON, $7 and $8
 * the most a second and the most failures, $9 how many items it has.
 */
export const BEGIN_BULK: Statement = {
  name: 'begin-bulk',
  text: `
    insert into concordat.bulk
          (id, action, filter, state, reason, asked_by, grants, per_second_max, failures_max, total)
    values ($1, $2, $3, 'running', $4, $5, $6, $7, $8, $9)`,
};
