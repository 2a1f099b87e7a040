// The barrier's row, and the one comparison.
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Replied } from '../answers.js';
import type { Work } from '../barrier-rule.js';
import type { BranchCall } from '../handlers.js';
import type { Fenced } from '../passing.js';
import { FENCE } from './statements/fence.js';
import { LOCK_MARK } from './statements/lock-mark.js';
import { LOOK } from './statements/look.js';
import { MARK } from './statements/mark.js';
import { RECORD } from './statements/record.js';

type Queryable = Pick<Pool | PoolConnection, 'execute'>;

/** How `fence` finds a row; `isAnswered`: the call that it has seen before has left its reply. */
export type FencedHere =
  | Exclude<Fenced, { readonly type: 'higher' }>
  | (Extract<Fenced, { readonly type: 'higher' }> & { readonly isAnswered: boolean });

export type Look = Fenced & { readonly committed: boolean };

/** What LOOK returns. A pool may have been told to return large numbers as texts. */
interface SeenRow extends RowDataPacket {
  readonly what: 'seen' | 'committed';
  readonly token: number | string;
  readonly operation: string;
  readonly work: Work;
  readonly answered: number | string | null;
  readonly reply: string | null;
}

/** Compares the token of `call` with the highest one seen, and lets it pass if it is higher. */
export async function fence(session: PoolConnection, call: BranchCall): Promise<FencedHere> {
  const { gtid, branch, token, operation } = call;
  const values = [gtid, branch, token, operation];
  const [header] = await session.execute<ResultSetHeader>(FENCE, values);
  const before = Number(header.insertId);
  if (before === 0) return { type: 'higher', work: 'none', isAnswered: true };
  const { seen } = await rowsOf(session, call);
  const found = compared(call, seen);
  if (found.type === 'lower' || (found.type === 'equal' && before === token)) return found;
  return { type: 'higher', work: found.work, isAnswered: answeredBy(seen) === before };
}

/** The same comparison, without letting anything pass; and whether the branch has committed. */
export async function look(db: Queryable, call: BranchCall): Promise<Look> {
  const { seen, committed } = await rowsOf(db, call);
  return { ...compared(call, seen), committed };
}

interface Rows {
  readonly seen: SeenRow | undefined;
  readonly committed: boolean;
}

async function rowsOf(db: Queryable, { gtid, branch }: BranchCall): Promise<Rows> {
  const sql = { sql: LOOK, rowsAsArray: false, typeCast: true };
  const [rows] = await db.execute<SeenRow[]>(sql, [gtid, branch, gtid, branch]);
  const committed = rows.some(({ what }) => what === 'committed');
  return { seen: rows.find(({ what }) => what === 'seen'), committed };
}

function compared({ token, operation }: BranchCall, row: SeenRow | undefined): Fenced {
  if (row === undefined) return { type: 'higher', work: 'none' };
  const highest = Number(row.token);
  if (token < highest) return { type: 'lower' };
  if (token > highest) return { type: 'higher', work: row.work };
  if (row.operation !== operation) {
    throw new Error(`token ${token} of this branch was seen with ${row.operation}`);
  }
  const isAnswered = answeredBy(row) === token && row.reply !== null;
  return {
    type: 'equal',
    work: row.work,
    reply: isAnswered ? (JSON.parse(row.reply) as Replied) : null,
  };
}

function answeredBy(row: SeenRow | undefined): number | undefined {
  return row === undefined || row.answered === null ? undefined : Number(row.answered);
}

export async function record(
  session: PoolConnection,
  { gtid, branch }: BranchCall,
  work: Work,
  reply: Replied,
): Promise<void> {
  await session.execute(RECORD, [work, JSON.stringify(reply), gtid, branch]);
}

/** @see MARK */
export async function mark(session: PoolConnection, call: BranchCall): Promise<void> {
  await session.execute(MARK, [call.gtid, call.branch]);
}

/** @see LOCK_MARK */
export async function awaitMark(session: PoolConnection, call: BranchCall): Promise<void> {
  await session.execute(LOCK_MARK, [call.gtid, call.branch]);
}
