// What is stuck or held back, as this process last saw it: the ground of the overview, of the views
// with counts and of what is filtered by harm and by cause.
//
//   which rows, at which version ──▶ what is new of them ──▶ the board
//        (one index, no state)        (state, attempts)
//
// K1. It is read again when somebody asks and it is older than AGE_MAX_MS; whoever asks at the same
//     time shares the reading. Nobody asks: nothing is read but once (first-look.ts), and after a
//     while nothing is kept.
// K2. Of each row that has not changed nothing is read again. Ten thousand that are stuck cost one
//     statement over an index; each attempt at one of them costs reading that one.
// K3. It has a bound. Beyond it there is no harm and no cause to be told of the rest, and
//     `isComplete` says so.
// K4. So many that are new (the first reading of all, say) are read in small statements, two at a
//     time, and each lot is made into items while the next are on their way: whoever commits
//     meanwhile waits for one lot, and Postgres and this process work at the same time.
import type { Attempt } from '@concordat/engine';
import type { BranchId, Decision, GlobalTransactionId, Transaction } from '@concordat/protocols';
import type { Instant, ProtocolName } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { STUCK_ATTEMPTS_MIN } from '@concordat/wire';
import type { OperationsPorts } from '../ports.js';
import { fingerprintOf } from './fingerprint.js';
import { BOARD, BOARD_PARTICIPANTS, BOARD_ROWS } from './statements/board.js';
import { failingOf } from './why.js';

/** A call that fails again and again. */
export interface StuckCall {
  readonly branch: BranchId;
  readonly participant: string;
  readonly operation: string;
  readonly error: string;
  readonly errorAt: Instant;
  readonly nextAttemptAt: Instant;
  readonly fingerprint: string;
}

export interface BoardItem {
  readonly gtid: GlobalTransactionId;
  readonly tenant: string;
  readonly protocol: ProtocolName;
  readonly decision: Decision;
  readonly begunAt: Instant;
  readonly stuck: boolean;
  readonly paused: boolean;
  readonly calls: readonly StuckCall[];
}

export interface BoardView {
  /** Newest first. */
  readonly items: readonly BoardItem[];
  readonly at: Instant;
  /** K3. */
  readonly isComplete: boolean;
}

interface Kept {
  /** Which version of the row it was made of. */
  readonly at: string;
  readonly participants: Readonly<Record<string, string>>;
  readonly item: BoardItem;
}

interface BoardRow {
  readonly gtid: GlobalTransactionId;
  readonly at: string;
  readonly version: number;
  readonly begun_at: Instant;
  readonly tenant: string;
  readonly stuck: boolean;
  readonly state: Omit<Transaction, 'version'>;
  readonly attempts: readonly Attempt[];
  /** Each once, in the order of the branches. */
  readonly participants: readonly string[];
}

const AGE_MAX_MS = 1_000;
const KEPT_UNASKED_MS = 300_000;
const ITEMS_MAX = 50_000;
const ROWS_PER_STATEMENT_MAX = 500;
const STATEMENTS_AT_ONCE = 2;
const GTID_CHARACTERS = 36;

export class Board {
  private kept = new Map<GlobalTransactionId, Kept>();
  private view: BoardView | undefined;
  private reading: Promise<BoardView> | undefined;
  private cancelForget: () => void = () => {};

  constructor(private readonly ports: Pick<OperationsPorts, 'store' | 'clock' | 'timers'>) {}

  /** K1. Rejects with JournalUnavailable. */
  async read(): Promise<BoardView> {
    this.cancelForget();
    this.cancelForget = this.ports.timers.after(KEPT_UNASKED_MS, () => this.forget());
    if (this.view !== undefined && this.ports.clock.now() - this.view.at < AGE_MAX_MS) {
      return this.view;
    }
    this.reading ??= this.readAgain().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** Whoever asks next reads what has changed since only (K2), and is told what is so then. */
  async prepare(): Promise<void> {
    await this.read();
    this.view = undefined;
  }

  close(): void {
    this.cancelForget();
  }

  private forget(): void {
    this.kept = new Map();
    this.view = undefined;
  }

  private async readAgain(): Promise<BoardView> {
    const at = this.ports.clock.now();
    type Row = { readonly present: string | null };
    const [row] = await this.ports.store.run<Row>(BOARD, [ITEMS_MAX + 1]);
    const present = presentIn(row?.present ?? null);
    const shown = present.slice(0, ITEMS_MAX);
    const changed = shown.filter((row) => this.kept.get(row.gtid)?.at !== row.at);
    const isSame = changed.length === 0 && shown.length === this.kept.size;
    if (isSame && this.view !== undefined) return (this.view = { ...this.view, at });
    const fresh = await this.readAll(changed.map(({ gtid }) => gtid));
    const kept = new Map<GlobalTransactionId, Kept>();
    for (const { gtid } of shown) {
      const one = fresh.get(gtid) ?? this.kept.get(gtid);
      if (one !== undefined) kept.set(gtid, one); // else it has ended meanwhile
    }
    this.kept = kept;
    const items = [...kept.values()].map(({ item }) => item);
    items.sort((one, other) => (one.gtid < other.gtid ? 1 : -1));
    this.view = { items, at, isComplete: present.length <= ITEMS_MAX };
    return this.view;
  }

  /** K4. What has ended meanwhile is not among them. */
  private async readAll(
    gtids: readonly GlobalTransactionId[],
  ): Promise<ReadonlyMap<GlobalTransactionId, Kept>> {
    const fresh = new Map<GlobalTransactionId, Kept>();
    const lots = lotsOf(gtids).values(); // each is taken by one of those who go through them
    const goThrough = async (): Promise<void> => {
      for (const lot of lots) {
        const read = await this.ports.store.run<{ row: BoardRow }>(BOARD_ROWS, [lot]);
        const rows = read.map(({ row }) => row);
        const participants = await this.participantsOf(rows);
        for (const row of rows) fresh.set(row.gtid, keptOf(row, participants.get(row.gtid)));
      }
    };
    await Promise.all(Array.from({ length: STATEMENTS_AT_ONCE }, goThrough));
    return fresh;
  }

  /** Who takes part is asked once, if the row does not tell, and again of a branch that is new. */
  private async participantsOf(
    rows: readonly BoardRow[],
  ): Promise<ReadonlyMap<GlobalTransactionId, Readonly<Record<string, string>>>> {
    type Named = {
      readonly gtid: GlobalTransactionId;
      readonly participants: Readonly<Record<string, string>>;
    };
    const known = new Map<GlobalTransactionId, Readonly<Record<string, string>>>();
    const unknown: GlobalTransactionId[] = [];
    for (const row of rows) {
      const kept = this.kept.get(row.gtid)?.participants;
      const isEnough =
        kept !== undefined && row.attempts.every(({ branch }) => Object.hasOwn(kept, branch));
      const participants = isEnough ? kept : evident(row);
      if (participants === undefined) unknown.push(row.gtid);
      else known.set(row.gtid, participants);
    }
    if (unknown.length === 0) return known;
    const named = await this.ports.store.run<Named>(BOARD_PARTICIPANTS, [unknown]);
    for (const { gtid, participants } of named) known.set(gtid, participants);
    return known;
  }
}

function lotsOf(
  gtids: readonly GlobalTransactionId[],
): readonly (readonly GlobalTransactionId[])[] {
  const count = Math.ceil(gtids.length / ROWS_PER_STATEMENT_MAX);
  return Array.from({ length: count }, (_, index) => {
    const from = index * ROWS_PER_STATEMENT_MAX;
    return gtids.slice(from, from + ROWS_PER_STATEMENT_MAX);
  });
}

function presentIn(
  text: string | null,
): readonly { readonly gtid: GlobalTransactionId; readonly at: string }[] {
  if (text === null) return [];
  return text.split(',').map((one) => {
    return { gtid: one.slice(0, GTID_CHARACTERS) as GlobalTransactionId, at: one };
  });
}

/**
 * By branch, if it takes no definition to tell: each has a participant of its own, in the order in
 * which they have joined, or all have the same. A definition costs fifty times as much to read.
 */
function evident({ state, participants }: BoardRow): Readonly<Record<string, string>> | undefined {
  const { branches } = summaryOf({ version: 1, ...state });
  const [only] = participants;
  if (participants.length !== branches.length && participants.length !== 1) return undefined;
  const isOne = participants.length === 1;
  return Object.fromEntries(
    branches.map(({ id }, index) => [id, (isOne ? only : participants[index]) ?? id]),
  );
}

function keptOf(row: BoardRow, participants: Readonly<Record<string, string>> = {}): Kept {
  const { gtid, tenant, stuck, attempts } = row;
  const transaction: Transaction = { version: row.version, ...row.state };
  const calls = failingOf(transaction, attempts)
    .filter(({ count }) => count >= STUCK_ATTEMPTS_MIN)
    .map(({ branch, operation, lastError, lastErrorAt, nextAttemptAt }): StuckCall => {
      const named = Object.hasOwn(participants, branch) ? participants[branch] : undefined;
      const participant = named ?? branch;
      return {
        branch,
        participant,
        operation,
        error: lastError,
        errorAt: lastErrorAt,
        nextAttemptAt,
        fingerprint: fingerprintOf(participant, operation, lastError),
      };
    });
  const item: BoardItem = {
    gtid,
    tenant,
    protocol: transaction.current.protocol,
    decision: summaryOf(transaction).decision,
    begunAt: row.begun_at,
    stuck,
    paused: transaction.paused === true,
    calls,
  };
  return { at: `${gtid} ${row.at}`, participants, item };
}
