// What is prepared in a Postgres database holds, and who waits for it: two lists made into one.
// Pure. The lists are HELD and WAITING (statements/), each with its argument.
//
// L1. A prepared transaction has no process. Its locks are found by the one that it has on its own
//     xid, who waits for it by the lock that both have; who waits for them, by process ids
//     (waiters.ts).
// L2. Rows are shown as far as somebody waits for them: Postgres keeps no list of locked rows.
// L3. The lists are read one after the other: a branch that ends in between may be shown without
//     its waiters, or a waiter missed. It is what was so a moment ago, as any such list.
import type { HeldLock, Holding, HoldingsReport, PreparedBranch } from '@concordat/engine';
import { asInstant, cleaned, parseGid } from '@concordat/wire';
import type { Waiter } from '../waiters.js';
import { SESSIONS_SHOWN_MAX, waitersOf } from '../waiters.js';
import { HELD } from './statements/held.js';
import { WAITING } from './statements/waiting.js';

/** What HELD returns. */
export interface HeldRow {
  readonly in_recovery: boolean;
  readonly role: string;
  readonly reads_all: boolean;
  readonly gid: string | null;
  /** Its virtual transaction. */
  readonly holder: string | null;
  readonly xid: string | null;
  readonly prepared_at: number | null;
  readonly owner: string | null;
  readonly database: string | null;
  readonly locks: readonly {
    readonly type: string;
    readonly relation: string | null;
    readonly mode: string;
  }[];
}

/** What WAITING returns. */
export interface WaitingRow {
  readonly pid: number;
  readonly blocked_by: readonly number[];
  readonly holders: readonly string[];
  readonly locktype: string;
  readonly mode: string;
  readonly relation: string | null;
  readonly row_of: string | null;
  readonly application: string;
  readonly user: string;
  readonly database: string;
  readonly query: string;
  readonly waiting_since: number | null;
  readonly waiting_ms: number | null;
}

/** As Postgres says it. */
const HIDDEN = '<insufficient privilege>';

export function holdingsIn(
  held: readonly HeldRow[],
  waiting: readonly WaitingRow[],
): HoldingsReport {
  const [first] = held;
  if (first === undefined) return { type: 'unknown', reason: 'it has answered without a row' };
  if (first.in_recovery) return { type: 'unknown', reason: 'it is a standby, in recovery' };
  const waiters = waiting.map(waiterIn);
  return {
    type: 'known',
    holdings: held.flatMap((row) =>
      row.gid === null ? [] : [holdingOf(row, row.gid, waiting, waiters)],
    ),
    unassigned: undefined,
    unseen: unseenIn(first, waiting),
    query: `${HELD.trim()};\n\n${WAITING.trim()};`,
  };
}

function holdingOf(
  row: HeldRow,
  gid: string,
  waiting: readonly WaitingRow[],
  waiters: readonly Waiter[],
): Holding {
  const holder = row.holder ?? '';
  const sessions = waitersOf(holder, waiters);
  const rows = waiting.filter(({ holders }) => holders.includes(holder)).flatMap(lockedRow);
  return {
    branch: branchIn(row, gid),
    isKnown: true,
    locks: [...row.locks.map(lockIn), ...new Map(rows.map((lock) => [keyOf(lock), lock])).values()],
    sessions: sessions.slice(0, SESSIONS_SHOWN_MAX),
    sessionsTotal: sessions.length,
  };
}

export function branchIn(
  row: Pick<HeldRow, 'xid' | 'prepared_at' | 'owner' | 'database'>,
  gid: string,
): PreparedBranch {
  return {
    gid,
    id: row.xid ?? undefined,
    name: parseGid(gid),
    preparedAt: row.prepared_at === null ? undefined : asInstant(row.prepared_at),
    owner: row.owner ?? undefined,
    database: row.database ?? undefined,
  };
}

const KINDS: ReadonlyMap<string, HeldLock['kind']> = new Map([
  ['relation', 'relation'],
  ['advisory', 'advisory'],
  ['userlock', 'advisory'],
]);

function lockIn({ type, relation, mode }: HeldRow['locks'][number]): HeldLock {
  return { relation, mode, kind: KINDS.get(type) ?? 'other' };
}

/** L2. */
function lockedRow({ relation, row_of }: WaitingRow): readonly HeldLock[] {
  return row_of === null ? [] : [{ relation, mode: `row ${row_of}`, kind: 'row' }];
}

function keyOf({ relation, mode }: HeldLock): string {
  return `${relation} ${mode}`;
}

function waiterIn(row: WaitingRow): Waiter {
  const { pid, application, user, database, query, waiting_since, waiting_ms } = row;
  return {
    session: {
      pid,
      application,
      user,
      database,
      query,
      waitingSince: waiting_since === null ? undefined : asInstant(waiting_since),
      waitingMs: waiting_ms === null ? undefined : Math.max(0, waiting_ms),
      waitsFor: cleaned(whatIn(row)),
    },
    holders: row.holders,
    blockedBy: row.blocked_by,
  };
}

function whatIn({ locktype, mode, relation, row_of }: WaitingRow): string {
  if (row_of !== null) return `row ${row_of} of ${relation ?? 'a table of another database'}`;
  if (locktype === 'relation') return `${relation ?? 'a table of another database'} (${mode})`;
  if (locktype === 'transactionid') return 'the end of a transaction, for a key that both write';
  return `a lock of the kind ${locktype} (${mode})`;
}

function unseenIn(
  { role, reads_all }: HeldRow,
  waiting: readonly WaitingRow[],
): string | undefined {
  if (reads_all || !waiting.some(({ query }) => query === HIDDEN)) return undefined;
  return `queries and applications of other roles are hidden: grant pg_read_all_stats to ${role}`;
}
