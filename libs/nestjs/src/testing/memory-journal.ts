// A journal in memory: what the engine and its client need of one, and no more. It keeps text, as
// the real one does, so that nobody can change what another has read.
import type {
  Agenda,
  Definition,
  Entry,
  Journal,
  JournalLine,
  Postponed,
  Postponement,
  Record,
} from '@concordat/engine';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';

interface Row {
  readonly record: string;
  readonly version: number;
  readonly dueAt: number | null;
  readonly stuck: boolean;
  readonly lines: readonly string[];
}

interface Written {
  readonly version: number;
  readonly at: Instant;
  readonly line: JournalLine;
}

interface Filters {
  readonly protocol?: string | undefined;
  readonly phase?: string | undefined;
  readonly outcome?: string | undefined;
  readonly name?: string | undefined;
}

export class MemoryJournal implements Journal, Agenda {
  private readonly rows = new Map<GlobalTransactionId, Row>();
  private readonly keys = new Map<string, { gtid: GlobalTransactionId; digest: string }>();

  constructor(private readonly now: () => Instant) {}

  /** Those that have not ended. */
  get unfinished(): number {
    return [...this.rows.values()].filter(({ dueAt }) => dueAt !== null).length;
  }

  async append(entry: Entry): Promise<'appended' | 'conflict'> {
    const { gtid, transaction, idempotency, dueAt, stuck, attempts, at, line } = entry;
    const before = this.rows.get(gtid);
    const isTaken = idempotency !== undefined && this.keys.has(idempotency.key);
    const { version } = transaction;
    if ((before?.version ?? 0) !== version - 1 || isTaken) return 'conflict';
    const definition = entry.definition ?? definitionIn(before);
    const endedAt = dueAt === null ? at : null;
    const record = { gtid, transaction, definition, attempts, endedAt };
    const lines = [...(before?.lines ?? []), JSON.stringify({ version, at, line })];
    this.rows.set(gtid, { record: JSON.stringify(record), version, dueAt, stuck, lines });
    if (idempotency !== undefined) this.keys.set(idempotency.key, { ...idempotency, gtid });
    return 'appended';
  }

  async load(gtid: GlobalTransactionId): Promise<Record | undefined> {
    const row = this.rows.get(gtid);
    return row && recordOf(row);
  }

  async findByKey(key: string) {
    return this.keys.get(key);
  }

  async postpone({ gtid, version, attempts, stuck, dueAt }: Postponement): Promise<Postponed> {
    const row = this.rows.get(gtid);
    if (row === undefined || row.version !== version || row.dueAt === null) return 'gone-on';
    const record = JSON.stringify({ ...recordOf(row), attempts });
    this.rows.set(gtid, { ...row, record, stuck, dueAt });
    return 'postponed';
  }

  async takeDue(limit: number, leaseMs: number): Promise<readonly Record[]> {
    const due = [...this.rows].filter(([, row]) => this.isDue(row)).slice(0, limit);
    return due.map(([gtid, row]) => this.lease(gtid, row, leaseMs));
  }

  async take(gtid: GlobalTransactionId, leaseMs: number): Promise<Record | undefined> {
    const row = this.rows.get(gtid);
    return row !== undefined && this.isDue(row) ? this.lease(gtid, row, leaseMs) : undefined;
  }

  async handOver(): Promise<void> {
    for (const [gtid, row] of this.rows) {
      if (row.dueAt !== null) this.rows.set(gtid, { ...row, dueAt: this.now() });
    }
  }

  async list(filters: Filters) {
    const records = [...this.rows.values()].map(recordOf).filter((one) => isAsked(one, filters));
    const items = records.toSorted((left, right) => (left.gtid < right.gtid ? 1 : -1));
    return { items, cursor: null };
  }

  async journalOf(gtid: GlobalTransactionId): Promise<readonly Written[]> {
    return (this.rows.get(gtid)?.lines ?? []).map((line) => JSON.parse(line) as Written);
  }

  async mayHaveForgotten(): Promise<boolean> {
    return false;
  }

  private isDue({ dueAt }: Row): boolean {
    return dueAt !== null && dueAt <= this.now();
  }

  private lease(gtid: GlobalTransactionId, row: Row, leaseMs: number): Record {
    this.rows.set(gtid, { ...row, dueAt: this.now() + leaseMs });
    return recordOf(row);
  }
}

function recordOf({ record }: Row): Record {
  return JSON.parse(record) as Record;
}

function definitionIn(row: Row | undefined): Definition | undefined {
  return row && recordOf(row).definition;
}

function isAsked({ transaction, definition }: Record, filters: Filters): boolean {
  const { phase, outcome } = summaryOf(transaction);
  const { protocol, name } = definition;
  const found: Filters = { phase, outcome, protocol, name: name ?? undefined };
  return (['protocol', 'phase', 'outcome', 'name'] as const).every(
    (key) => filters[key] === undefined || filters[key] === found[key],
  );
}
