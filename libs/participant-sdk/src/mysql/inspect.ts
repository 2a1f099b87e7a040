// What MariaDB and MySQL keep of a branch, read for people (I1 of inspecting.ts): outside any
// transaction, at levels that are said for each read.
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise';
import type { Work } from '../barrier-rule.js';
import type { InspectedBranch, Kept, TwoPhaseKept } from '../inspecting.js';
import { checkOut, giveBack } from './session.js';
import { INSPECT } from './statements/inspect.js';
import type { XaName } from './xa.js';
import { isPrepared } from './xa.js';

/** A pool may have been told to return large numbers as texts. */
interface FoundRow extends RowDataPacket {
  readonly what: 'seen' | 'committed';
  readonly token: number | string;
  readonly operation: string;
  readonly work: Work;
  readonly answered: number | string | null;
  readonly at: number | string;
}

interface Found {
  readonly kept: Kept | undefined;
  readonly isMarked: boolean;
}

type Level = 'read committed' | 'read uncommitted';

export async function inspectBarrier(
  pool: Pool,
  branch: InspectedBranch,
): Promise<Kept | undefined> {
  const [found] = await read(pool, branch, 'read committed');
  return found?.kept;
}

export async function inspectTwoPhase(
  pool: Pool,
  branch: InspectedBranch,
  name: XaName,
): Promise<TwoPhaseKept> {
  if (await isPrepared(pool, name)) {
    return {
      prepared: { name, since: undefined },
      open: undefined,
      isMarked: false,
      row: undefined,
    };
  }
  const [committed, uncommitted] = await read(pool, branch, 'read committed', 'read uncommitted');
  const isMarked = committed?.isMarked === true;
  const isOpen = uncommitted?.isMarked === true;
  return { prepared: undefined, open: isOpen ? OPEN : undefined, isMarked, row: committed?.kept };
}

const OPEN =
  'a transaction that has not ended has written its marker: it is at work at this moment, or is ' +
  'prepared, and out of reach until the server is restarted';

async function read(
  pool: Pool,
  branch: InspectedBranch,
  ...levels: readonly Level[]
): Promise<readonly Found[]> {
  const session = await checkOut(pool);
  let isClean = false;
  try {
    const all: Found[] = [];
    for (const level of levels) all.push(await readAt(session, branch, level));
    isClean = true;
    return all;
  } finally {
    if (isClean) session.release();
    else await giveBack(session, false);
  }
}

async function readAt(
  session: PoolConnection,
  { gtid, branch }: InspectedBranch,
  level: Level,
): Promise<Found> {
  await session.query(`set transaction isolation level ${level}`);
  const sql = { sql: INSPECT, rowsAsArray: false, typeCast: true };
  const [rows] = await session.execute<FoundRow[]>(sql, [gtid, branch, gtid, branch]);
  const row = rows.find(({ what }) => what === 'seen');
  const isMarked = rows.some(({ what }) => what === 'committed');
  return { kept: row === undefined ? undefined : keptIn(row), isMarked };
}

function keptIn({ work, operation, token, answered, at }: FoundRow): Kept {
  const isAnswered = answered !== null && Number(answered) === Number(token);
  const since = new Date(Number(at)).toISOString();
  return { work, operation, token: Number(token), isAnswered, at: since };
}
