import type { Statement } from '../ports.js';
import { COLUMNS } from './approval-row.js';

/** $1 the tenants, or null for all; $2 how many at most. The latest first. */
export const LIST_APPROVALS: Statement = {
  name: 'list-approvals',
  text: `
    select ${COLUMNS} from concordat.approval
     where $1::text[] is null or tenant = any($1)
     order by asked_at desc
     limit $2`,
};
