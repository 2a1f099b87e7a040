import type { Statement } from '../ports.js';

/**
 * $1 id, $2 id of the act's line, $3 action, $4 tenant, $5 gtid, $6 branch, $7 resource manager,
 * $8 gid, $9 outcome, $10 reason, $11 evidence, $12 kind, $13 id, $14 name of who asks,
 * $15 its life in ms. Returns no row.
 */
export const ASK_APPROVAL: Statement = {
  name: 'ask-approval',
  text: `
    insert into concordat.approval
          (id, act_id, state, action, tenant, gtid, branch, resource_manager, gid, outcome, reason,
           evidence, asked_kind, asked_id, asked_name, expires_at)
    values ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
            now() + $15 * interval '1 millisecond')`,
};
