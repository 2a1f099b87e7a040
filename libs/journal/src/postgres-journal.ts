// The engine's port `Journal` on Postgres.
import { crashPoint } from '@concordat/crash-points';
import type { AuditLine, Entry, Journal, Record } from '@concordat/engine';
import { EntryRejected } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import { charactersIn, rowOf } from './append-row.js';
import type { Database, Run } from './database.js';
import { StatementRolledBack } from './database.js';
import type { GroupCommitLimits } from './group-commit.js';
import { GroupCommit } from './group-commit.js';
import { isStorable } from './gtid.js';
import type { StateRow } from './record.js';
import { recordsOf } from './record.js';
import type { AppendRow } from './statements/append.js';
import { APPEND, appendParameters } from './statements/append.js';
import { AUDIT, auditParameters } from './statements/audit.js';
import { FIND_BY_KEY } from './statements/find-by-key.js';
import { LOAD } from './statements/load.js';

type Appended = 'appended' | 'conflict';

const UNIQUE_VIOLATION = '23505';

/** What LOAD returns of a transaction that is not there. */
type NoRow = { readonly gtid: null };

export class PostgresJournal implements Journal {
  private readonly underWay = new Set<GlobalTransactionId>();
  private readonly appends: GroupCommit<AppendRow, Appended>;

  /** @param owner names this instance in the rows that it advances */
  constructor(
    private readonly database: Database,
    private readonly owner: string,
    limits: GroupCommitLimits,
  ) {
    this.appends = new GroupCommit({ flush: (rows) => this.flush(rows), charactersIn }, limits);
  }

  /** @throws EntryRejected if Postgres cannot hold the entry, else as the port says */
  async append(entry: Entry): Promise<Appended> {
    const { gtid } = entry;
    assert(!this.underWay.has(gtid), 'a transaction has one append under way at most');
    const row = rowOf(entry);
    this.underWay.add(gtid);
    try {
      if (entry.audit !== undefined) return await this.appendAudited(row, entry.audit);
      return await this.appends.submit(row);
    } catch (error) {
      return onFailure(error);
    } finally {
      this.underWay.delete(gtid);
    }
  }

  async load(gtid: GlobalTransactionId): Promise<Record | undefined> {
    if (!isStorable(gtid)) return undefined;
    const rows = await this.database.run<StateRow | NoRow>(LOAD, [gtid]);
    const found = rows.filter((row) => row.gtid !== null);
    const [record] = await recordsOf(this.database, found);
    return record;
  }

  async findByKey(key: string): Promise<{ gtid: GlobalTransactionId; digest: string } | undefined> {
    type KeyRow = { gtid: GlobalTransactionId; digest: string };
    const [row] = await this.database.run<KeyRow>(FIND_BY_KEY, [key]);
    return row;
  }

  /** Resolves when every append that was asked for has been answered. */
  idle(): Promise<void> {
    return this.appends.idle();
  }

  /** By itself: acts of people are few, and what is theirs alone must not undo what is others'. */
  private appendAudited(row: AppendRow, audit: readonly AuditLine[]): Promise<Appended> {
    return this.database.transaction(async (run) => {
      const written = await run(APPEND, appendParameters(this.owner, [{ ...row, forced: true }]));
      if (written.length === 0) return 'conflict';
      crashPoint('audit.before-line');
      for (const line of audit) await addLine(run, line);
      crashPoint('audit.before-commit');
      return 'appended';
    });
  }

  private async flush(rows: readonly AppendRow[]): Promise<readonly Appended[]> {
    type Written = { gtid: string };
    const parameters = appendParameters(this.owner, rows);
    crashPoint('journal.before-statement');
    const written = await this.database.run<Written>(APPEND, parameters);
    crashPoint('journal.committed');
    const gtids = new Set(written.map(({ gtid }) => gtid));
    return rows.map(({ gtid }) => (gtids.has(gtid) ? 'appended' : 'conflict'));
  }
}

/** @throws EntryRejected if the audit has a line of this id: its act was dealt with before */
async function addLine(run: Run, line: AuditLine): Promise<void> {
  try {
    await run(AUDIT, auditParameters(line));
  } catch (error) {
    // No conflict of versions: whoever read again would be told the same, again and again.
    const isThere = error instanceof StatementRolledBack && error.sqlState === UNIQUE_VIOLATION;
    throw isThere ? new EntryRejected('the audit has its line already', { cause: error }) : error;
  }
}

/** What it means for one entry that its own flush has failed. */
function onFailure(error: unknown): 'conflict' {
  if (!(error instanceof StatementRolledBack)) throw error;
  if (error.sqlState === UNIQUE_VIOLATION) return 'conflict'; // begun already, perhaps long ended
  if (error.sqlState.startsWith('40')) throw error; // a deadlock, on its own: ask again
  throw new EntryRejected(error.message, { cause: error });
}
