// Finds transactions for the list, for bulk actions and for the counts of views.
//
// Harm and cause are not columns: they follow from the state, from attempts, and from what blocks
// sessions at this moment. So what is filtered by them is chosen on the board first (board.ts), and
// then read by id.
import type { Principal } from '@concordat/access';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { Harm, TriageListView } from '@concordat/wire/operations';
import { ALL_TENANTS } from '@concordat/wire/operations';
import { asGtid } from '@concordat/wire';
import { malformed } from '../requests.js';
import { BlockedWatch } from './blocked-watch.js';
import type { Board, BoardItem, BoardView } from './board.js';
import type { Asked, Sought, Tenants } from './filters.js';
import { dashed } from './filters.js';
import { harmOf, isBroken } from './harm.js';
import { itemOf } from './items.js';
import type { BlockedSessions, TriagePorts } from './ports.js';
import type { Id, Within } from './search.js';
import { search, searchIds } from './search.js';
import { FORGOTTEN } from './statements/forgotten.js';
import { BLOCKING } from './statements/overview.js';
import type { StoredRow, StoredTransaction } from './stored.js';
import { storedOf } from './stored.js';
import type { Blocking } from './waiting.js';
import { blockingOf, waitingCauseOf } from './waiting.js';

export interface Forgotten {
  readonly gtid: GlobalTransactionId;
  readonly by_name: string;
  readonly at: Date;
  readonly reason: string;
}

type Missing = TriageListView['missing'];

/** What is so now, beside the rows. */
export interface Circumstances {
  readonly board: BoardView;
  readonly blocked: BlockedSessions;
  /** How many sessions wait for each transaction. */
  readonly sessionsBlocked: ReadonlyMap<GlobalTransactionId, number>;
  /** Those of them that are unfinished. */
  readonly blocking: ReadonlyMap<GlobalTransactionId, Blocking>;
}

export class Finder {
  private readonly watch: BlockedWatch;

  constructor(
    private readonly ports: Pick<
      TriagePorts,
      'store' | 'views' | 'pauses' | 'blocked' | 'clock' | 'timers' | 'written'
    >,
    private readonly board: Pick<Board, 'read'>,
  ) {
    this.watch = new BlockedWatch(() => ports.blocked(), ports);
  }

  /** @param isPatient waits for resource managers that do not answer at once */
  async circumstances(isPatient = false): Promise<Circumstances> {
    const [board, beside] = await Promise.all([this.board.read(), this.waiting(isPatient)]);
    return { board, ...beside };
  }

  async waiting(isPatient = false): Promise<Omit<Circumstances, 'board'>> {
    const blocked = await (isPatient ? this.watch.now() : this.watch.latest());
    const sessionsBlocked = countedByGtid(blocked);
    const gtids = [...sessionsBlocked.keys()];
    const rows = gtids.length === 0 ? [] : await this.ports.store.run<StoredRow>(BLOCKING, [gtids]);
    const blocking = rows.map((row) => [row.gtid, blockingOf(storedOf(row))] as const);
    return { blocked, sessionsBlocked, blocking: new Map(blocking) };
  }

  /** @throws Refusal malformed-request of a bad cursor */
  async list({ sought, limit, cursor }: Asked, principal: Principal): Promise<TriageListView> {
    await this.ports.written();
    const circumstances = await this.circumstancesFor(sought);
    const before = cursor === undefined ? undefined : gtidAt(cursor);
    const within = { ...withinOf(meantBy(sought, circumstances)), before };
    const { rows, next, isCut } = await search(this.ports.store.run, sought, within, limit);
    const found = rows.map(storedOf);
    const forgotten = await this.forgotten(found);
    const now = this.ports.clock.now();
    const items = found.map((stored) =>
      itemOf(stored, this.ports, principal, {
        isForgotten: forgotten.has(stored.gtid),
        sessionsBlocked: circumstances.sessionsBlocked.get(stored.gtid) ?? 0,
        now,
      }),
    );
    const cut = isCut && next !== null ? [lookedSoFar(next)] : [];
    return {
      items,
      cursor: next === null ? null : cursorAfter(next),
      missing: [...cut, ...missingOf(sought, circumstances)],
    };
  }

  /** The newest `limit` of what is sought, with whose each is. */
  async ids(sought: Sought, limit: number): Promise<readonly Id[]> {
    await this.ports.written();
    const among = withinOf(meantBy(sought, await this.circumstancesFor(sought)));
    const found: Id[] = [];
    let before: GlobalTransactionId | undefined;
    do {
      const size = Math.min(limit - found.length, IDS_PER_STATEMENT_MAX);
      const within = { ...among, before };
      const { rows, next } = await searchIds(this.ports.store.run, sought, within, size);
      found.push(...rows);
      before = next ?? undefined;
    } while (before !== undefined && found.length < limit);
    return found;
  }

  /** How many there are, up to a bound; `atLeast`: there may be more. */
  async count(sought: Sought): Promise<{ readonly count: number; readonly atLeast: boolean }> {
    const circumstances = await this.circumstancesFor(sought);
    const meant = meantBy(sought, circumstances);
    const isCut = missingOf(sought, circumstances).length > 0;
    if (meant.among !== undefined && isOfBoardAlone(sought)) {
      return { count: meant.among.size, atLeast: isCut };
    }
    const { run } = this.ports.store;
    const { rows, next } = await searchIds(run, sought, withinOf(meant), COUNT_MAX);
    return { count: rows.length, atLeast: next !== null || isCut };
  }

  /** The board is read where it is needed only. */
  private async circumstancesFor(sought: Sought): Promise<Circumstances> {
    if (isOfBoard(sought)) return this.circumstances();
    return { board: NO_BOARD, ...(await this.waiting()) };
  }

  async forgotten(
    found: readonly StoredTransaction[],
  ): Promise<ReadonlyMap<GlobalTransactionId, Forgotten>> {
    const gtids = found
      .filter(({ transaction }) => isBroken(summaryOf(transaction).outcome))
      .map(({ gtid }) => gtid);
    if (gtids.length === 0) return new Map();
    const rows = await this.ports.store.run<Forgotten>(FORGOTTEN, [gtids]);
    return new Map(rows.map((row) => [row.gtid, row]));
  }
}

const NO_BOARD: BoardView = { items: [], at: 0 as Instant, isComplete: true };
const IDS_PER_STATEMENT_MAX = 5_000;
const COUNT_MAX = 1_000;

export function harmOnBoard(item: BoardItem, sessionsBlocked: number): Harm | null {
  return harmOf({ ...item, outcome: undefined, isForgotten: false, sessionsBlocked });
}

/** Which ids can be meant, where harm, cause or a pause is asked for. */
interface Meant {
  readonly among?: ReadonlySet<GlobalTransactionId>;
  readonly without?: readonly GlobalTransactionId[];
}

function meantBy(
  { harms, cause, paused, tenants }: Sought,
  { board, blocked, sessionsBlocked, blocking }: Circumstances,
): Meant {
  const isMine = (tenant: string): boolean => tenants === ALL_TENANTS || tenants.includes(tenant);
  const isPaused = ({ paused: itIs }: BoardItem): boolean => itIs;
  const without = paused === false ? board.items.filter(isPaused).map(({ gtid }) => gtid) : [];
  const isAny = harms === undefined && cause === undefined && paused !== true;
  if (isAny) return without.length === 0 ? {} : { without };
  const chosen = board.items.filter((item) => {
    const harm = harmOnBoard(item, sessionsBlocked.get(item.gtid) ?? 0);
    if (!isMine(item.tenant)) return false;
    if (harms !== undefined && (harm === null || !harms.includes(harm))) return false;
    if (cause !== undefined && !item.calls.some((call) => call.fingerprint === cause)) return false;
    return paused !== true || item.paused;
  });
  const among = new Set<GlobalTransactionId>(chosen.map(({ gtid }) => gtid));
  if (paused === true || (harms ?? ['blocking']).includes('blocking') === false) {
    return { without, among };
  }
  const stuck = new Set(board.items.flatMap(({ gtid, calls }) => (calls.length > 0 ? [gtid] : [])));
  for (const session of blocked.items) {
    const gtid = session.gtid === undefined ? undefined : asGtid(session.gtid);
    const found = gtid === undefined ? undefined : blocking.get(gtid);
    if (gtid === undefined || found === undefined || !isMine(found.tenant)) continue;
    const isOfCause =
      cause === undefined ||
      (!stuck.has(gtid) && waitingCauseOf(session, found).fingerprint === cause);
    if (isOfCause) among.add(gtid);
  }
  return { without, among };
}

/** Newest first. */
function withinOf({ among, ...beside }: Meant): Pick<Within, 'among' | 'without'> {
  return among === undefined ? beside : { ...beside, among: [...among].toSorted().toReversed() };
}

/** Nothing else is asked for than what the board tells. */
function isOfBoardAlone({ harms, cause: _c, paused: _p, tenants: _t, ...others }: Sought): boolean {
  const isAny = Object.values(others).every((value) => value === undefined);
  return isAny && harms?.includes('heuristic') !== true;
}

function isOfBoard({ harms, cause, paused }: Sought): boolean {
  const isOfHarm = harms?.some((harm) => harm !== 'heuristic') === true;
  return isOfHarm || cause !== undefined || paused !== undefined;
}

function missingOf(sought: Sought, { board, blocked }: Circumstances): Missing {
  return [
    ...(isOfBoard(sought) && !board.isComplete ? [BOARD_CUT] : []),
    ...(isOfBoard(sought) && sought.harms !== undefined ? toldOf(blocked, sought.tenants) : []),
  ];
}

/** That somebody could not be asked; who, and why, is for whoever may see all tenants (O2). */
export function toldOf({ missing }: BlockedSessions, tenants: Tenants): Missing {
  return tenants === ALL_TENANTS || missing.length === 0 ? missing : [SOME_SILENT];
}

const SOME_SILENT = {
  what: 'waiting sessions',
  reason: 'Some resource managers could not be asked for them.',
};

export const BOARD_CUT = {
  what: 'stuck transactions',
  reason: 'There are more than are counted by harm and by cause.',
};

function lookedSoFar(next: GlobalTransactionId): Missing[number] {
  const at = new Date(Number.parseInt(next.slice(0, 8) + next.slice(9, 13), 16));
  const begun = Number.isNaN(at.getTime()) ? next : at.toISOString();
  return {
    what: 'older transactions',
    reason: `This page has looked through those begun since ${begun}; the next goes on from there.`,
  };
}

function countedByGtid({ items }: BlockedSessions): ReadonlyMap<GlobalTransactionId, number> {
  const counts = new Map<GlobalTransactionId, number>();
  for (const { gtid } of items) {
    if (gtid === undefined) continue;
    const id = asGtid(gtid);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Where a page has ended: the sixteen bytes of its last gtid, as GET /v1/transactions has it. */
function cursorAfter(gtid: GlobalTransactionId): string {
  return Buffer.from(gtid.replaceAll('-', ''), 'hex').toString('base64url');
}

function gtidAt(cursor: string): GlobalTransactionId {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length === 16 && bytes.toString('base64url') === cursor) {
    return dashed(bytes.toString('hex'));
  }
  throw malformed([{ pointer: '/cursor', message: 'must be the cursor of an earlier page' }]);
}
