import type { Statement } from '../ports.js';
import { COLUMNS } from './bulk-row.js';

/** $1 id. */
export const FIND_BULK: Statement = {
  name: 'find-bulk',
  text: `select ${COLUMNS} from concordat.bulk where id = $1`,
};
