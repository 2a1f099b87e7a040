// What Postgres keeps of a branch, read for people (I1 of inspecting.ts): two statements, outside
// any transaction, that write nothing.
import type { Pool } from 'pg';
import type { Work } from '../barrier-rule.js';
import type { InspectedBranch, Kept, TwoPhaseKept } from '../inspecting.js';
import { INSPECT_PREPARED } from './statements/inspect-prepared.js';
import { INSPECT_ROW } from './statements/inspect-row.js';

const AT_WORK = 'a transaction is at work on it at this moment, and has prepared nothing yet';

interface RowFound {
  /** Postgres sends a bigint as text; null if there is no row. */
  readonly token: string | null;
  readonly operation: string;
  readonly work: Work;
  readonly is_answered: boolean;
  readonly at: string;
  readonly is_marked: boolean;
}

export async function inspectBarrier(
  pool: Pool,
  branch: InspectedBranch,
): Promise<Kept | undefined> {
  return (await rowOf(pool, branch)).kept;
}

export async function inspectTwoPhase(
  pool: Pool,
  branch: InspectedBranch,
  gid: string,
): Promise<TwoPhaseKept> {
  type Found = { readonly since: string | null; readonly is_locked: boolean };
  const { rows } = await pool.query<Found>(INSPECT_PREPARED, [gid]);
  const since = rows[0]?.since ?? undefined;
  const { kept: row, isMarked } = await rowOf(pool, branch);
  return {
    prepared: since === undefined ? undefined : { name: gid, since },
    open: rows[0]?.is_locked === true ? AT_WORK : undefined,
    isMarked,
    row,
  };
}

async function rowOf(
  pool: Pool,
  { gtid, branch }: InspectedBranch,
): Promise<{ readonly kept: Kept | undefined; readonly isMarked: boolean }> {
  const { rows } = await pool.query<RowFound>(INSPECT_ROW, [gtid, branch]);
  const [row] = rows;
  const isMarked = row?.is_marked === true;
  if (row === undefined || row.token === null) return { kept: undefined, isMarked };
  const { work, operation, is_answered: isAnswered, at } = row;
  return { kept: { work, operation, token: Number(row.token), isAnswered, at }, isMarked };
}
