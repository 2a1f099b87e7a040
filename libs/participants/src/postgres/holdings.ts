// What is prepared in a Postgres database holds, and who waits for it: three lists made into one.
// Pure. The lists are PREPARED, HELD and WAITING (statements/), each with its argument.
//
// L1. A prepared transaction has no process. Its locks are found by the one that it has on its own
//     xid, who waits for it by the lock that both have; who waits for them, by process ids
//     (waiters.ts).
// L2. Rows are shown as far as somebody waits for them: Postgres keeps no list of locked rows.
// L3. The lists are read one after the other: a branch that ends in between may be shown without
//     its locks or its waiters. It is what was so a moment ago, as any such list.
// L4. They are joined here and not there: Postgres guesses that its lock table is small, and what
//     is a moment for ten prepared transactions would be minutes for three thousand.
import type {
  HeldLock,
  Holding,
  HoldingsReport,
  PreparedBranch,
  WaitingSession,
} from '@concordat/engine';
import { asInstant, cleaned, parseGid } from '@concordat/wire';
import type { Waiter } from '../waiters.js';
import { SESSIONS_SHOWN_MAX, waitersOf } from '../waiters.js';
import { HELD } from './statements/held.js';
import { PREPARED } from './statements/prepared.js';
import { WAITING } from './statements/waiting.js';

/** What PREPARED returns. */
export interface PreparedRow {
  readonly in_recovery: boolean;
  readonly role: string;
  readonly reads_all: boolean;
  readonly gid: string | null;
  readonly transaction: string | null;
  readonly xid: string | null;
  readonly prepared_at: number | null;
  readonly owner: string | null;
  readonly database: string | null;
}

/** What HELD returns. */
export interface HeldRow {
  /** A virtual transaction. */
  readonly holder: string;
  readonly type: string;
  readonly mode: string;
  readonly transaction: string | null;
  readonly relation: string | null;
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

/** Of one branch. */
const LOCKS_SHOWN_MAX = 100;
/** As Postgres says it. */
const HIDDEN = '<insufficient privilege>';

export function holdingsIn(
  prepared: readonly PreparedRow[],
  held: readonly HeldRow[],
  waiting: readonly WaitingRow[],
): HoldingsReport {
  const [first] = prepared;
  if (first === undefined) return { type: 'unknown', reason: 'it has answered without a row' };
  if (first.in_recovery) return { type: 'unknown', reason: 'it is a standby, in recovery' };
  const holders = new Map(held.filter(isOwnId).map((row) => [row.transaction, row.holder]));
  const locks = Map.groupBy(held, ({ holder }) => holder);
  const waiters = waiting.map(waiterIn);
  return {
    type: 'known',
    holdings: prepared.flatMap((row) => {
      if (row.gid === null) return [];
      const holder = holders.get(row.transaction) ?? '';
      const own = (locks.get(holder) ?? []).filter(isShown).map(lockIn);
      const rows = waiting.filter((one) => one.holders.includes(holder)).flatMap(lockedRow);
      return [holdingOf(branchIn(row, row.gid), [...own, ...rows], waitersOf(holder, waiters))];
    }),
    unassigned: undefined,
    unseen: unseenIn(first, waiting),
    query: [PREPARED, HELD, WAITING].map((text) => `${text.trim()};`).join('\n\n'),
  };
}

/** L1. */
function isOwnId({ type, mode }: HeldRow): boolean {
  return type === 'transactionid' && mode === 'ExclusiveLock';
}

function isShown({ type }: HeldRow): boolean {
  return type !== 'transactionid';
}

function holdingOf(
  branch: PreparedBranch,
  locks: readonly HeldLock[],
  sessions: readonly WaitingSession[],
): Holding {
  const told = [...new Map(locks.map((lock) => [keyOf(lock), lock])).values()];
  return {
    branch,
    isKnown: true,
    locks: told.toSorted(byRelation).slice(0, LOCKS_SHOWN_MAX),
    sessions: sessions.slice(0, SESSIONS_SHOWN_MAX),
    sessionsTotal: sessions.length,
  };
}

/** Rows first: somebody waits for them. */
function byRelation(one: HeldLock, other: HeldLock): number {
  const byKind = Number(other.kind === 'row') - Number(one.kind === 'row');
  return byKind || (keyOf(one) < keyOf(other) ? -1 : 1);
}

export function branchIn(
  row: Pick<PreparedRow, 'xid' | 'prepared_at' | 'owner' | 'database'>,
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

function lockIn({ type, relation, mode }: HeldRow): HeldLock {
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
  { role, reads_all }: PreparedRow,
  waiting: readonly WaitingRow[],
): string | undefined {
  if (reads_all || !waiting.some(({ query }) => query === HIDDEN)) return undefined;
  return `queries and applications of other roles are hidden: grant pg_read_all_stats to ${role}`;
}
