// The read side: what people and dashboards ask. Never read to decide anything.
import type { JournalLine, Record } from '@concordat/engine';
import type { GlobalTransactionId, Instant, Outcome, ProtocolName } from '@concordat/protocols';
import pg from 'pg';
import type { DataSource, SelectQueryBuilder } from 'typeorm';
import { QueryFailedError } from 'typeorm';
import { cursorAfter, gtidAt } from './cursor.js';
import type { Database } from './database.js';
import { failureOf } from './database.js';
import type { TransactionRow } from './entities.js';
import { journalTable, transactionView } from './entities.js';
import { instantOf, isStorable, lowestIdAt } from './gtid.js';
import { definitionsOf, instantOfDate, recordOf } from './record.js';
import { FORGOTTEN_BEFORE } from './statements/forgotten-before.js';
import { PING } from './statements/ping.js';

const PAGE_MAX = 200;

/** So many are looked up and put in order; of more than these, a page is near the newest. */
const FEW_MAX = 2_000;

const LINES_MAX = 10_000;

/** How far the clock that made a gtid may be from the one that `begunAt` was taken from. */
const ID_SLACK_MS = 3_600_000;

/** All that are given must hold. `begunAfter` is inclusive, `begunBefore` is not. */
export interface ListFilters {
  readonly protocol?: ProtocolName | undefined;
  readonly phase?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly name?: string | undefined;
  readonly participant?: string | undefined;
  readonly stuck?: boolean | undefined;
  readonly begunAfter?: Instant | undefined;
  readonly begunBefore?: Instant | undefined;
  /** Of these, each must be among the transaction's metadata. */
  readonly metadata?: Readonly<{ [key: string]: string }> | undefined;
  /** Of one of these; absent: of any. None are of no tenant. */
  readonly tenants?: readonly string[] | undefined;
}

export interface ListedTransaction extends Record {
  /** Which instance last advanced or leased it. For people; safety never rests on it. */
  readonly owner: string;
  readonly tenant: string;
  readonly stuck: boolean;
  /** When somebody looks at it again; null if it has ended. */
  readonly dueAt: Instant | null;
}

export interface Page {
  readonly items: readonly ListedTransaction[];
  /** What the next page goes on from; null if this is the last. */
  readonly cursor: string | null;
}

export interface WrittenLine {
  readonly version: number;
  readonly at: Instant;
  readonly line: JournalLine;
}

/** Every method rejects with JournalUnavailable if the database cannot be asked. */
export class Reader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
  ) {}

  /**
   * Newest first, at most `limit` and never more than 200 a page.
   * @throws BadCursor
   */
  async list(filters: ListFilters, limit: number, cursor: string | null = null): Promise<Page> {
    const size = Math.min(Math.max(limit, 1), PAGE_MAX);
    const query = this.dataSource.createQueryBuilder(transactionView, 't');
    applyFilters(query, filters);
    if (cursor !== null) query.andWhere('t.gtid < :after', { after: gtidAt(cursor) });
    if (isContained(filters)) await findFew(query, size + 1);
    const rows = await orUnavailable(
      query
        .orderBy('t.gtid', 'DESC')
        .limit(size + 1)
        .getMany(),
    );
    const last = rows.length > size ? rows[size - 1] : undefined;
    return {
      items: await this.listed(rows.slice(0, size)),
      cursor: last === undefined ? null : cursorAfter(last.gtid),
    };
  }

  /** What happened, in order; empty for a transaction that is not known. */
  async journalOf(gtid: GlobalTransactionId): Promise<readonly WrittenLine[]> {
    if (!isStorable(gtid)) return [];
    const lines = this.dataSource.getRepository(journalTable);
    const rows = await orUnavailable(
      lines.find({ where: { gtid }, order: { version: 'ASC' }, take: LINES_MAX }),
    );
    return rows.map(({ version, at, line }) => ({ version, at: instantOfDate(at), line }));
  }

  /** A transaction begun before this may have been forgotten; null if none has been yet. */
  async forgottenBefore(): Promise<Instant | null> {
    type RetentionRow = { forgotten_before: Date | null };
    const [row] = await this.database.run<RetentionRow>(FORGOTTEN_BEFORE, []);
    return row?.forgotten_before ? instantOfDate(row.forgotten_before) : null;
  }

  /** Whether "not found" may mean "forgotten". Ask after it was not found, not before. */
  async mayHaveForgotten(gtid: GlobalTransactionId): Promise<boolean> {
    const begunAt = instantOf(gtid);
    if (begunAt === undefined) return false;
    const before = await this.forgottenBefore();
    return before !== null && begunAt < before;
  }

  /** Resolves if the database answers. */
  async ping(): Promise<void> {
    await this.database.run(PING, []);
  }

  private async listed(rows: readonly TransactionRow[]): Promise<readonly ListedTransaction[]> {
    const definitions = await definitionsOf(this.database, rows);
    return rows.flatMap((row) => {
      const definition = definitions.get(row.gtid);
      if (definition === undefined) return []; // forgotten after the row was read
      const dueAt = row.due_at === null ? null : instantOfDate(row.due_at);
      return [
        {
          ...recordOf(row, definition),
          owner: row.owner,
          tenant: row.tenant,
          stuck: row.stuck,
          dueAt,
        },
      ];
    });
  }
}

function applyFilters(query: SelectQueryBuilder<TransactionRow>, filters: ListFilters): void {
  const { protocol, phase, outcome, name, participant, stuck } = filters;
  if (protocol !== undefined) query.andWhere('t.protocol = :protocol', { protocol });
  if (phase !== undefined) query.andWhere('t.phase = :phase', { phase });
  if (outcome !== undefined) query.andWhere('t.outcome = :outcome', { outcome });
  if (name !== undefined) query.andWhere('t.name = :name', { name });
  if (stuck !== undefined) query.andWhere('t.stuck = :stuck', { stuck });
  if (filters.tenants !== undefined) {
    query.andWhere('t.tenant = any(:tenants)', { tenants: [...filters.tenants] });
  }
  if (participant !== undefined) {
    query.andWhere('t.participants @> array[:participant]', { participant });
  }
  if (filters.metadata !== undefined) {
    const metadata = JSON.stringify(filters.metadata);
    query.andWhere(`t.metadata @> :metadata and t.metadata <> '{}'`, { metadata });
  }
  applyTimes(query, filters);
}

/** The bounds on the gtid leave out the partitions of other days. */
function applyTimes(
  query: SelectQueryBuilder<TransactionRow>,
  { begunAfter, begunBefore }: ListFilters,
): void {
  if (begunAfter !== undefined) {
    const lowest = lowestIdAt(begunAfter - ID_SLACK_MS);
    query.andWhere('t.gtid >= :lowest', { lowest });
    query.andWhere('t.begun_at >= :begunAfter', { begunAfter: new Date(begunAfter) });
  }
  if (begunBefore !== undefined) {
    const beyond = lowestIdAt(begunBefore + ID_SLACK_MS);
    query.andWhere('t.gtid < :beyond', { beyond });
    query.andWhere('t.begun_at < :begunBefore', { begunBefore: new Date(begunBefore) });
  }
}

/** By what a GIN index finds, which keeps no order. */
function isContained({ participant, metadata }: ListFilters): boolean {
  return participant !== undefined || metadata !== undefined;
}

/**
 * Restricts `query` to the newest `size` of what it finds, if that is few.
 *
 * Of a value that is seldom Postgres has no statistics, and takes it for one in 200: asked for a
 * page in order, it would go through the primary keys from the newest on, and never find enough.
 * Not asked for an order, it goes by the index of the value.
 */
async function findFew(query: SelectQueryBuilder<TransactionRow>, size: number): Promise<void> {
  const search = query
    .clone()
    .select('t.gtid', 'gtid')
    .limit(FEW_MAX + 1);
  const found = await orUnavailable(search.getRawMany<Pick<TransactionRow, 'gtid'>>());
  if (found.length > FEW_MAX) return;
  const newest = found
    .map(({ gtid }) => gtid)
    .toSorted()
    .slice(-size);
  query.andWhere('t.gtid = any(:newest::uuid[])', { newest });
}

async function orUnavailable<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw isOfData(error) ? error : failureOf(error);
  }
}

/** SQLSTATE 22: Postgres is there, and was asked what it cannot be asked. A mistake of ours. */
function isOfData(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { driverError } = error;
  return driverError instanceof pg.DatabaseError && driverError.code?.startsWith('22') === true;
}
