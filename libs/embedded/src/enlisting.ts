// Lets a DataSource's statements join the global transaction in which they are made.
//
//   repository ──▶ dataSource.createQueryRunner() ──▶ in a global transaction? ──no──▶ as always
//                                                                │yes
//                                                                ▼
//                               the one query runner of its branch, whose first statement begins it
//
// Everything of TypeORM that runs a statement and was not given a query runner asks its DataSource
// for one, and releases it afterwards: repositories, managers, query builders, `transaction()`.
// So this one method is all that is taken over, on the instances that were named; no prototype.
//
// L1. In a global transaction all statements of a DataSource run on one connection, one after the
//     other: a transaction is a line of statements, also where the application awaits several.
// L2. `transaction()` inside a global transaction is a savepoint of its branch.
// L3. Nobody but the branch ends the runner: released by TypeORM after each statement, it stays.
import type { DataSource, QueryRunner } from 'typeorm';

type CreateQueryRunner = DataSource['createQueryRunner'];

/** What the branch does with a runner that it has made its own. */
export interface TakenRunner<Connection> {
  readonly runner: QueryRunner;
  /** For the statements that are not the application's, such as the last. */
  readonly connection: () => Promise<Connection>;
  /** Whether any statement has been asked for. */
  readonly isBegun: () => boolean;
  /** A statement that failed, though the application may have gone on. */
  readonly failure: () => unknown;
  /** Waits for the line, and lets nothing more into it. */
  readonly close: (because: string) => Promise<void>;
  /** Gives the connection back; with an error, it is thrown away. */
  readonly release: (error?: Error) => Promise<void>;
}

const originals = new WeakMap<DataSource, CreateQueryRunner>();

/**
 * From now on `dataSource` asks `enlisted` for its query runners.
 * @param enlisted undefined outside a global transaction
 */
export function enlist(dataSource: DataSource, enlisted: () => QueryRunner | undefined): void {
  if (originals.has(dataSource)) return;
  const original = dataSource.createQueryRunner.bind(dataSource);
  originals.set(dataSource, original);
  dataSource.createQueryRunner = (mode) => enlisted() ?? original(mode);
}

/** As if it had never been enlisted. */
export function leave(dataSource: DataSource): void {
  const original = originals.get(dataSource);
  if (original === undefined) return;
  dataSource.createQueryRunner = original;
  originals.delete(dataSource);
}

/** A query runner that is in no global transaction, wherever it is asked for. */
export function originalRunnerOf(dataSource: DataSource): QueryRunner {
  const create = originals.get(dataSource) ?? dataSource.createQueryRunner.bind(dataSource);
  return create('master');
}

/** What a kind of database does with its connections. */
export interface Handling<Connection> {
  /** Before the first statement. */
  begin(connection: Connection): Promise<void>;
  /** Told of each statement of the application, before it is run. */
  onStatement?(text: string): void;
  /** Throws a connection away, of which nobody knows in what state it is. */
  discard(runner: QueryRunner, connection: Connection, error: Error): Promise<void> | void;
  /** Throws if no more statements may be run, whatever the reason. */
  mayGoOn(): void;
}

/** A query runner for a branch. */
export function takeRunner<Connection>(
  dataSource: DataSource,
  { begin, onStatement, discard, mayGoOn }: Handling<Connection>,
): TakenRunner<Connection> {
  const runner = originalRunnerOf(dataSource);
  const connect = runner.connect.bind(runner) as () => Promise<Connection>;
  const release = runner.release.bind(runner);
  const query = runner.query.bind(runner) as (...args: readonly unknown[]) => Promise<unknown>;
  let begun: Promise<Connection> | undefined;
  let line: Promise<unknown> = Promise.resolve();
  let failed: { readonly error: unknown } | undefined;
  let closed: string | undefined;

  const begunConnection = async (): Promise<Connection> => {
    const connection = await connect();
    await begin(connection);
    return connection;
  };
  const connection = (): Promise<Connection> => (begun ??= begunConnection());
  const run = async (args: readonly unknown[]): Promise<unknown> => {
    if (closed !== undefined) throw new Error(closed);
    mayGoOn();
    onStatement?.(String(args[0]));
    try {
      return await query(...args);
    } catch (error) {
      failed ??= { error };
      throw error;
    }
  };
  const inLine = (...args: readonly unknown[]): Promise<unknown> => {
    const next = line.then(() => run(args)); // L1
    line = next.catch(() => undefined);
    return next;
  };
  Object.assign(runner, {
    connect: connection,
    query: inLine,
    release: () => Promise.resolve(), // L3
    isTransactionActive: true,
    transactionDepth: 1, // L2
  });
  return {
    runner,
    connection,
    isBegun: () => begun !== undefined,
    failure: () => failed?.error,
    close: async (because) => {
      await line;
      closed = because;
    },
    release: async (error) => {
      Object.assign(runner, { isTransactionActive: false, transactionDepth: 0 });
      const taken = await begun?.catch(() => undefined);
      if (error !== undefined && taken !== undefined) await discard(runner, taken, error);
      else await release();
    },
  };
}
