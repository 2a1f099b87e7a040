// What the outcome row of a branch says, whoever is asked.
//
//                       seen by READ COMMITTED   by READ UNCOMMITTED
//   committed                    yes                    yes
//   pending: still prepared       no                    yes
//   absent                        no                     no
//
// O1. `committed` and `absent` last: a branch that is committed stays so, and one of which nothing
//     is left cannot come back (a server that is restarted has read its log before it answers).
//     Hence the order of the reads: what is not there even uncommitted is absent; what is there
//     uncommitted, and was not committed before, is looked at once more.
// O2. Each read says at which level it reads: what is set for the next transaction stays set if
//     that one fails, and would make the read after it see what is not committed.
import { unreachable } from '@concordat/protocols';
import type { Xid } from '@concordat/wire';
import type { Session, Unknown } from './sessions.js';
import { selectOutcomeRow } from './statements/outcome-row.js';

export type OutcomeRow =
  | { readonly type: 'committed' | 'pending' | 'absent' }
  | Unreadable
  | Unknown;

/** There is no such table, or it may not be read. */
interface Unreadable {
  readonly type: 'unreadable';
  readonly reason: string;
}

export async function outcomeRow(session: Session, xid: Xid): Promise<OutcomeRow> {
  const first = await isThere(session, xid, 'read committed');
  if (typeof first !== 'boolean') return first;
  if (first) return { type: 'committed' };
  const uncommitted = await isThereUncommitted(session, xid);
  if (typeof uncommitted !== 'boolean') return uncommitted;
  if (!uncommitted) return { type: 'absent' };
  const last = await isThere(session, xid, 'read committed'); // O1
  if (typeof last !== 'boolean') return last;
  return { type: last ? 'committed' : 'pending' };
}

/** Whether a branch that is prepared has written its row. */
export function isThereUncommitted(
  session: Session,
  xid: Xid,
): Promise<boolean | Unreadable | Unknown> {
  return isThere(session, xid, 'read uncommitted');
}

async function isThere(
  session: Session,
  xid: Xid,
  level: 'read committed' | 'read uncommitted',
): Promise<boolean | Unreadable | Unknown> {
  const set = await session.run({ text: `set transaction isolation level ${level}` }); // O2
  const ran = set.type === 'done' ? await session.run(selectOutcomeRow(xid)) : set;
  switch (ran.type) {
    case 'done':
      return ran.rows.length > 0;
    case 'failed':
      return { type: 'unreadable', reason: ran.reason };
    case 'unknown':
      return ran;
    default:
      return unreachable(ran);
  }
}
