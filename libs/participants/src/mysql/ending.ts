// Tells a server to end a branch, and gathers what it takes to believe it.
import type { Xid } from '@concordat/wire';
import type { OutcomeRow } from './outcome-rows.js';
import { outcomeRow } from './outcome-rows.js';
import { isListed, recovered } from './recovered.js';
import type { Session } from './sessions.js';
import { xa } from './statements/xa.js';
import type { Order, Word } from './verdicts.js';

const XAER_NOTA = 1397;
const XA_RBROLLBACK = 1402;
/** XA_RBROLLBACK, XA_RBTIMEOUT, XA_RBDEADLOCK. */
const ROLLED_BACK: ReadonlySet<number> = new Set([XA_RBROLLBACK, 1613, 1614]);

export interface Ended {
  readonly word: Word;
  /** Undefined where it was not looked at. */
  readonly row: OutcomeRow | undefined;
}

/** @param check whether OK is to be checked by the outcome row; whatever else settles it, is */
export async function end(
  session: Session,
  xid: Xid,
  order: Order,
  check: boolean,
): Promise<Ended> {
  const word = await wordOf(session, xid, order);
  switch (word.type) {
    case 'ended':
      return { word, row: check ? await outcomeRow(session, xid) : undefined };
    case 'nothing':
    case 'wrote-nothing':
    case 'rolled-back':
      return { word, row: await outcomeRow(session, xid) };
    case 'held':
    case 'refused':
    case 'unknown':
      return { word, row: undefined };
  }
}

async function wordOf(session: Session, xid: Xid, order: Order): Promise<Word> {
  const ran = await session.run({ text: xa(order, xid) });
  if (ran.type === 'done') return { type: 'ended' };
  if (ran.type === 'unknown') return ran;
  if (ran.errno === XAER_NOTA) return notFound(session, xid);
  if (!ROLLED_BACK.has(ran.errno)) {
    return { type: 'refused', errno: ran.errno, reason: ran.reason };
  }
  return ran.errno === XA_RBROLLBACK ? rolledBack(session) : { type: 'rolled-back' };
}

/** The list is read after the refusal: what is not in it has been ended by then. */
async function notFound(session: Session, xid: Xid): Promise<Word> {
  const list = await recovered(session);
  if (!('type' in list)) return { type: isListed(list, xid) ? 'held' : 'nothing' };
  if (list.type === 'unknown') return list;
  return { type: 'refused', errno: list.errno, reason: list.reason };
}

async function rolledBack(session: Session): Promise<Word> {
  const ran = await session.run<{ version: string }>({ text: 'select version() as version' });
  if (ran.type === 'unknown') return ran;
  const isMariadb = ran.type === 'done' && (ran.rows[0]?.version ?? '').includes('MariaDB');
  return { type: isMariadb ? 'wrote-nothing' : 'rolled-back' };
}
