// What access control, and whatever else is kept beside the journal, needs of its database; and not
// what a database can do.
import type { AuditLine } from '@concordat/engine';

/** One prepared statement; its file says what it takes, does and returns. */
export interface Statement {
  /** Unique among the statements of its database. */
  readonly name: string;
  readonly text: string;
}

/** Runs one statement. Rejects with JournalUnavailable if the database cannot be asked. */
export type Run = <Row extends object>(
  statement: Statement,
  values: readonly unknown[],
) => Promise<readonly Row[]>;

export interface Store {
  readonly run: Run;
  /** Does `work` and writes the line in one commit; what `work` throws undoes both. */
  readonly audited: <T>(line: AuditLine, work: (run: Run) => Promise<T>) => Promise<T>;
}

/** Milliseconds that only grow. It measures how long something is, and says no date. */
export type MonotonicMs = () => number;

export interface AccessIds {
  /** A UUID of version 7. */
  readonly next: () => string;
}

/** What people should hear of, though nobody waits for it. */
export type OnTrouble = (where: string, error: unknown) => void;
