import type { Statement } from '../ports.js';
import { COLUMNS } from './bulk-row.js';

/** $1 how many at most. The latest first. */
export const LIST_BULKS: Statement = {
  name: 'list-bulks',
  text: `select ${COLUMNS} from concordat.bulk order by asked_at desc limit $1`,
};
