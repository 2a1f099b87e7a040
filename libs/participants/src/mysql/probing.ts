// How a branch stands on a MariaDB or MySQL server, from its list and its outcome row. Pure but for
// the reads: Y1 and Y4 of mysql-resource-manager.ts, for people.
//
// B1. The list is read before the row: what is not listed any more has its row by then.
// B2. Not listed, and its row seen only uncommitted: if it has voted, it is prepared, and out of
//     the server's own reach (Y3); if nobody has heard a vote, it may as well be at work.
// B3. Gone, and it had no row when it voted: committed and rolled back look alike. `absent` says
//     only that nothing is there.
import type { Probed } from '@concordat/engine';
import { unreachable } from '@concordat/protocols';
import type { Xid } from '@concordat/wire';
import { cleaned } from '@concordat/wire';
import { cannotTell, notReached } from '../probed.js';
import type { OutcomeRow } from './outcome-rows.js';
import { outcomeRow } from './outcome-rows.js';
import { isListed, recovered } from './recovered.js';
import type { Session } from './sessions.js';
import { selectOutcomeRow } from './statements/outcome-row.js';
import { XA_RECOVER } from './statements/xa.js';
import { nameOf } from './verdicts.js';

type Word = Omit<Probed, 'resourceManager' | 'gid' | 'query'>;

const SOURCE = 'resource-manager';

/** @param isPromised whether the vote has seen the branch's outcome row */
export async function look(session: Session, xid: Xid, isPromised: boolean): Promise<Word> {
  const list = await recovered(session); // B1
  if ('type' in list) {
    const { type, reason } = list;
    return type === 'unknown' ? notReached(SOURCE, reason) : cannotTell(SOURCE, reason);
  }
  const name = nameOf(xid);
  if (isListed(list, xid)) return word('prepared', `XA RECOVER lists ${name}`);
  return wordOf(name, await outcomeRow(session, xid), isPromised);
}

/** Of a branch that is not listed. */
export function wordOf(name: string, row: OutcomeRow, isPromised: boolean): Word {
  const nothing = `XA RECOVER does not list ${name}`;
  switch (row.type) {
    case 'committed':
      return word('committed', `${nothing}, and its row in concordat_outcome is committed`);
    case 'pending':
      if (!isPromised) return word('unknown', `${nothing}, and its outcome row is not committed`);
      return word('prepared', `${nothing}, and its outcome row is there uncommitted: ${RESTART}`);
    case 'absent':
      if (!isPromised) return word('absent', `${nothing}, and there is no outcome row of it`);
      return word('rolled-back', `${nothing}, and its outcome row, which the vote saw, is gone`);
    case 'unreadable':
      return word('unknown', `${nothing}, and concordat_outcome cannot be read: ${row.reason}`);
    case 'unknown':
      return notReached(SOURCE, row.reason);
    default:
      return unreachable(row);
  }
}

/** As a person can run it. */
export function queryOf(xid: Xid): string {
  const { text, values = [] } = selectOutcomeRow(xid);
  let at = 0;
  const filled = text.replaceAll('?', () => `'${values[at++]}'`);
  return `${XA_RECOVER};\n${filled};`;
}

const RESTART =
  'its connection was reset after XA PREPARE, and it can be ended when the server was restarted';

function word(observed: Probed['observed'], evidence: string): Word {
  return { observed, source: SOURCE, evidence: cleaned(evidence) };
}
