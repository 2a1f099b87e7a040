// The pool beneath TypeORM, for the statements that are written by hand and prepared by name.
//
// What is known when a statement fails:
//
//   SQLSTATE 22…, 23…, 40001, 40P01   it was rolled back: StatementRolledBack, and the
//                                     connection is as good as before
//   anything else                     JournalUnavailable: it may have committed, for an error can
//                                     overtake the answer to a commit; the connection is dropped
//   no error, but a warning           JournalUnavailable: a commit that gave up waiting for its
//                                     standby reports success and a warning (01000)
import { JournalUnavailable } from '@concordat/engine';
import { assert } from '@concordat/protocols';
import type { PoolClient, QueryResultRow } from 'pg';
import pg from 'pg';
import type { DataSource } from 'typeorm';

/** One prepared statement; its file says what it takes, does and returns. */
export interface Statement {
  /** Unique among the statements: each connection prepares it once under this name. */
  readonly name: string;
  readonly text: string;
}

/** Certainly nothing was written. `sqlState` says why. */
export class StatementRolledBack extends JournalUnavailable {
  constructor(
    message: string,
    readonly sqlState: string,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface Notice {
  readonly code: string | undefined;
  readonly message?: string | undefined;
}

const ROLLED_BACK = /^(22...|23...|40001|40P01)$/;
const SUCCESSFUL_COMPLETION = '00000'; // what a mere NOTICE bears

export class Database {
  constructor(private readonly pool: pg.Pool) {}

  /** The pool that TypeORM has opened: one pool serves both. */
  static of({ driver }: DataSource): Database {
    assert(
      'master' in driver && driver.master instanceof pg.Pool,
      'TypeORM pools by node-postgres',
    );
    return new Database(driver.master);
  }

  /**
   * Runs one statement as a transaction of its own.
   * @throws StatementRolledBack if it certainly wrote nothing, else JournalUnavailable
   */
  async run<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    return this.committing(async (client) => {
      const { rows } = await client.query<Row>({ ...statement, values: [...values] });
      return rows;
    });
  }

  /**
   * Runs several statements as one transaction: all of them happen, or none.
   * @param work is given `run`; what it throws rolls back, and is thrown on
   * @throws StatementRolledBack if certainly nothing was written, else JournalUnavailable
   */
  async transaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
    return this.committing((client) => within(client, work));
  }

  /** On one connection: whatever is known of a failure is as it says at the top of this file. */
  private async committing<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.checkOut();
    const warnings: string[] = [];
    const onNotice = ({ code, message = 'a warning' }: Notice): void => {
      if (code !== SUCCESSFUL_COMPLETION) warnings.push(message);
    };
    client.on('notice', onNotice);
    let failure: JournalUnavailable | undefined;
    try {
      const done = await work(client);
      if (warnings.length === 0) return done;
      failure = new JournalUnavailable(`committed with a warning: ${warnings.join('; ')}`);
    } catch (error) {
      if (error instanceof RolledBack) throw error.cause; // the connection is as good as before
      failure = failureOf(error);
    } finally {
      client.off('notice', onNotice);
      checkIn(client, failure);
    }
    throw failure;
  }

  private async checkOut(): Promise<PoolClient> {
    try {
      const client = await this.pool.connect();
      client.on('error', ignore); // whoever runs a statement on it hears of it there
      return client;
    } catch (error) {
      throw failureOf(error);
    }
  }
}

/** One statement of a transaction. */
export type Run = <Row extends QueryResultRow>(
  statement: Statement,
  values: readonly unknown[],
) => Promise<readonly Row[]>;

/** What the work itself has thrown, once everything was undone. */
class RolledBack extends Error {}

async function within<T>(client: PoolClient, work: (run: Run) => Promise<T>): Promise<T> {
  let failed: unknown;
  const run: Run = async (statement, values) => {
    try {
      const { rows } = await client.query({ ...statement, values: [...values] });
      return rows;
    } catch (error) {
      failed = error;
      throw failureOf(error);
    }
  };
  await client.query('begin');
  let done: T;
  try {
    done = await work(run);
  } catch (error) {
    if (failed !== undefined && !(failureOf(failed) instanceof StatementRolledBack)) throw failed;
    await client.query('rollback');
    throw new RolledBack('rolled back', { cause: error });
  }
  await client.query('commit');
  return done;
}

/** Every way in which a statement can fail, as the one operating error that callers expect. */
export function failureOf(error: unknown): JournalUnavailable {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof pg.DatabaseError && ROLLED_BACK.test(error.code ?? '')) {
    return new StatementRolledBack(message, error.code ?? '', { cause: error });
  }
  return new JournalUnavailable(message, { cause: error });
}

function checkIn(client: PoolClient, failure: JournalUnavailable | undefined): void {
  client.off('error', ignore);
  client.release(failure !== undefined && !(failure instanceof StatementRolledBack));
}

function ignore(): void {}
