import type { Statement } from '../ports.js';
import { COLUMNS } from './approval-row.js';

/** $1 id. */
export const FIND_APPROVAL: Statement = {
  name: 'find-approval',
  text: `select ${COLUMNS} from concordat.approval where id = $1`,
};
