// What is prepared on a MariaDB server holds, and who waits for it. Pure. The lists are HELD and
// WAITING (statements/), and what XA RECOVER lists; seen on 10.11.
//
// L1. A prepared branch whose session is gone is a transaction of connection 0. XA RECOVER has its
//     name, InnoDB its number, and nothing says which is whose. Where there is one of each, they
//     are the same; else what waits is `unassigned`, for all of them.
// L2. While the session that has prepared a branch is connected, its transaction looks like any
//     other of that session: what it holds is not told apart.
// L3. Locks are shown as far as somebody waits for them. Waits for the definition of a table
//     (metadata locks) are not: the server does not say for whom they wait.
// L4. What is read too often is old: `rested.ts`.
// L5. MySQL 8 has these lists elsewhere (performance_schema). They are not read: it says so.
import type { HeldLock, Holding, HoldingsReport, Unassigned } from '@concordat/engine';
import { asInstant, cleaned, parseXid } from '@concordat/wire';
import type { Waiter } from '../waiters.js';
import { SESSIONS_SHOWN_MAX, waitersOf } from '../waiters.js';
import type { Recovered } from './recovered.js';
import type { Ran } from './sessions.js';
import { HELD } from './statements/held.js';
import { WAITING } from './statements/waiting.js';
import { XA_RECOVER } from './statements/xa.js';
import { nameOf } from './verdicts.js';

/** What HELD returns. */
export interface HeldRow {
  readonly transaction: string;
  readonly rows_locked: number;
  readonly rows_modified: number;
}

/** What WAITING returns. */
export interface WaitingRow {
  readonly id: number;
  readonly blocking: string;
  readonly blocking_id: number;
  readonly lock_table: string | null;
  readonly lock_type: string | null;
  readonly lock_mode: string | null;
  readonly lock_index: string | null;
  readonly lock_data: string | null;
  readonly user: string;
  readonly host: string;
  readonly db: string;
  readonly query: string;
  readonly waiting_since: number | null;
  readonly waiting_ms: number | null;
}

const UNSEEN =
  'locks are shown as far as somebody waits for them, and waits for the definition of a table ' +
  '(metadata locks) are not';

export function holdingsIn(
  list: readonly Recovered[],
  held: readonly HeldRow[],
  waiting: readonly WaitingRow[],
): HoldingsReport {
  const waiters = waitersIn(waiting);
  const [only] = held;
  const isTold = list.length === 1 && held.length === 1 && only !== undefined; // L1
  return {
    type: 'known',
    holdings: list.map((one) => (isTold ? holdingOf(one, only, waiting, waiters) : untold(one))),
    unassigned: isTold ? undefined : unassignedIn(list.length, held, waiters),
    unseen: UNSEEN,
    query: [XA_RECOVER, HELD.trim(), WAITING.trim()].join(';\n\n') + ';',
  };
}

const ACCESS_DENIED = 1227;
const NO_SUCH_TABLE = 1109;

/** Why one of the lists cannot be had. */
export function unlisted({ errno, reason }: Extract<Ran<never>, { type: 'failed' }>): string {
  if (errno === ACCESS_DENIED) {
    return cleaned(`${reason}: grant process on *.* to the account that is registered`);
  }
  if (errno !== NO_SUCH_TABLE) return cleaned(reason);
  return 'this server keeps its lock waits where they are not read from (performance_schema)'; // L5
}

function holdingOf(
  one: Recovered,
  { transaction, rows_locked, rows_modified }: HeldRow,
  waiting: readonly WaitingRow[],
  waiters: readonly Waiter[],
): Holding {
  const sessions = waitersOf(transaction, waiters);
  const waitedFor = waiting.filter(({ blocking }) => blocking === transaction).map(lockIn);
  const mode = `holds locks on some ${rows_locked} rows, and has changed ${rows_modified}`;
  const whole: HeldLock = { relation: null, mode, kind: 'transaction' };
  return {
    branch: branchIn(one),
    isKnown: true,
    locks: [whole, ...new Map(waitedFor.map((lock) => [keyOf(lock), lock])).values()],
    sessions: sessions.slice(0, SESSIONS_SHOWN_MAX),
    sessionsTotal: sessions.length,
  };
}

function untold(one: Recovered): Holding {
  return { branch: branchIn(one), isKnown: false, locks: [], sessions: [], sessionsTotal: 0 };
}

/** L1, L2. */
function unassignedIn(
  listed: number,
  held: readonly HeldRow[],
  waiters: readonly Waiter[],
): Unassigned {
  const all = held.flatMap(({ transaction }) => waitersOf(transaction, waiters));
  const sessions = [...new Map(all.map((session) => [session.pid, session])).values()];
  return {
    sessions: sessions.slice(0, SESSIONS_SHOWN_MAX),
    sessionsTotal: sessions.length,
    reason: reasonOf(listed, held.length),
  };
}

function reasonOf(listed: number, detached: number): string {
  if (detached === 0) return 'the session that has prepared it is still connected';
  if (listed === 0) {
    return (
      'a transaction without a session that XA RECOVER does not list: its session was reset after ' +
      'XA PREPARE, and it can be ended when the server has been restarted'
    );
  }
  return (
    `${listed} branches are prepared on this server, and ${detached} transactions have no session: ` +
    'MariaDB does not say which is whose'
  );
}

export function branchIn({ isOurForm, ...xid }: Recovered): Holding['branch'] {
  return {
    gid: nameOf(xid),
    id: undefined,
    name: isOurForm ? parseXid(xid) : undefined,
    preparedAt: undefined,
    owner: undefined,
    database: undefined,
  };
}

function lockIn({ lock_table, lock_type, lock_mode, lock_index, lock_data }: WaitingRow): HeldLock {
  const relation = relationIn(lock_table);
  if (lock_type !== 'RECORD') return { relation, mode: lock_mode ?? '', kind: 'relation' };
  return { relation, mode: `${lock_mode} on ${lock_index} ${lock_data}`, kind: 'row' };
}

function keyOf({ relation, mode }: HeldLock): string {
  return `${relation} ${mode}`;
}

/** As people write it. */
function relationIn(table: string | null): string | null {
  return table === null ? null : table.replaceAll('`', '');
}

/** One for each session, from a row for each pair. */
function waitersIn(waiting: readonly WaitingRow[]): readonly Waiter[] {
  const rows = Map.groupBy(waiting, ({ id }) => id);
  return [...rows.values()].flatMap((pairs) => {
    const [first] = pairs;
    if (first === undefined) return [];
    return [
      {
        session: sessionIn(first),
        holders: pairs.filter(({ blocking_id }) => blocking_id === 0).map((one) => one.blocking),
        blockedBy: pairs.map(({ blocking_id }) => blocking_id).filter((id) => id !== 0),
      },
    ];
  });
}

function sessionIn(row: WaitingRow): Waiter['session'] {
  const { relation, mode, kind } = lockIn(row);
  return {
    pid: row.id,
    application: row.host,
    user: row.user,
    database: row.db,
    query: row.query,
    waitingSince: row.waiting_since === null ? undefined : asInstant(row.waiting_since),
    waitingMs: row.waiting_ms === null ? undefined : Math.max(0, row.waiting_ms),
    waitsFor: cleaned(kind === 'row' ? `row of ${relation} (${mode})` : `${relation} (${mode})`),
  };
}
