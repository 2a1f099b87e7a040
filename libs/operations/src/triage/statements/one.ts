import type { Statement } from '../../ports.js';
import { ENDED_COLUMNS, UNFINISHED_COLUMNS, withDefinitions } from './page.js';

/** $1 gtid. The transaction, unfinished or ended; no row if there is none. */
export const ONE: Statement = {
  name: 'triage-one',
  text: withDefinitions(`
    select ${UNFINISHED_COLUMNS} from concordat.global_transaction as t where t.gtid = $1
     union all
    select ${ENDED_COLUMNS} from concordat.ended_transaction as t where t.gtid = $1`),
};

/** $1 gtid, $2 limit. What happened, in order; the first line has the definition as of then. */
export const LINES: Statement = {
  name: 'triage-lines',
  text: `
    select version, at, line, case when version = 1 then definition end as definition
      from concordat.journal
     where gtid = $1
     order by version
     limit $2`,
};
