// Connections to one MariaDB or MySQL server, for statements that are each a transaction of its
// own. No branch is ever started on them.
//
// S1. `run` never rejects. What the server has refused is `failed`: it has not happened. Everything
//     else that is no success is `unknown`: it may have happened, or may yet.
// S2. Work ends within its time. What has not been sent by then never is; a statement that has been
//     goes on at the server, and its connection is given up.
// S3. A connection of which something is unknown is given up, never used again.
// S4. Each is set up before its first statement: autocommit, and locks on tables that are waited
//     for seconds, not a day: an end that must wait for a backup is refused and asked for again,
//     instead of piling up on the server.
// S5. Nothing is connected before the first statement, and a server that is gone or restarted costs
//     the connections it had.
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise';
import { createPool } from 'mysql2/promise';
import { TimeLimit } from '../time-limit.js';

export type Ran<Row> =
  | { readonly type: 'done'; readonly rows: readonly Row[] }
  | { readonly type: 'failed'; readonly errno: number; readonly reason: string }
  | Unknown;

export interface Unknown {
  readonly type: 'unknown';
  readonly reason: string;
}

export interface Statement {
  readonly text: string;
  readonly values?: readonly string[];
}

export interface SessionsOptions {
  readonly connectionsMax?: number;
}

/** What a piece of work has of its connection. */
export interface Session {
  run<Row extends object>(statement: Statement): Promise<Ran<Row>>;
}

const CONNECTIONS_MAX_DEFAULT = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 1_000;
const TABLE_LOCK_TIMEOUT_S = 2;
const CLOSED = 'the coordinator has closed its connections';

/** S4. */
const SET_UP = `set session autocommit = 1, session lock_wait_timeout = ${TABLE_LOCK_TIMEOUT_S}`;

export class Sessions {
  private readonly pool: Pool;
  private readonly setUp = new WeakSet<PoolConnection['connection']>();
  /** What gives one up: its statement is not waited for any more. */
  private readonly busy = new Map<PoolConnection, (reason: string) => void>();

  constructor(url: string, { connectionsMax = CONNECTIONS_MAX_DEFAULT }: SessionsOptions = {}) {
    this.pool = createPool({
      ...connectionTo(url),
      connectionLimit: connectionsMax,
      maxIdle: connectionsMax,
      idleTimeout: IDLE_TIMEOUT_MS,
    });
  }

  /**
   * Does `work` on one connection.
   * @param limit of the work and of the wait for a connection
   * @param unreached what it comes to without a connection, or when its time is over
   */
  use<Value>(
    limit: TimeLimit,
    work: (session: Session) => Promise<Value>,
    unreached: (nothing: Unknown) => Value,
  ): Promise<Value> {
    return limit.bound(this.attempt(limit, work, unreached), (reason) =>
      unreached(unknown(reason)),
    );
  }

  /** Gives up every connection: whatever is under way is unknown. */
  async close(): Promise<void> {
    for (const giveUp of this.busy.values()) giveUp(CLOSED);
    // One that is still connecting would be waited for.
    await new TimeLimit(CLOSE_TIMEOUT_MS).bound(this.pool.end(), () => undefined);
  }

  private async attempt<Value>(
    limit: TimeLimit,
    work: (session: Session) => Promise<Value>,
    unreached: (nothing: Unknown) => Value,
  ): Promise<Value> {
    const connection = await this.pool.getConnection().catch(reasonOf);
    if (typeof connection === 'string') return unreached(unknown(connection));
    if (limit.isOver()) {
      connection.release(); // S2
      return unreached(unknown(limit.reason));
    }
    const { promise: givenUp, resolve } = Promise.withResolvers<Value>();
    const giveUp = (reason: string): void => {
      this.drop(connection);
      resolve(unreached(unknown(reason)));
    };
    this.busy.set(connection, giveUp);
    const overdue = setTimeout(() => giveUp(limit.reason), limit.remainingMs()); // S2
    try {
      return await Promise.race([this.inSession(connection, limit, work, unreached), givenUp]);
    } finally {
      clearTimeout(overdue);
      this.letGo(connection);
    }
  }

  private async inSession<Value>(
    connection: PoolConnection,
    limit: TimeLimit,
    work: (session: Session) => Promise<Value>,
    unreached: (nothing: Unknown) => Value,
  ): Promise<Value> {
    const session = sessionOn(connection, limit, () => this.drop(connection));
    const trouble = await this.prepare(connection, session);
    return trouble === undefined ? work(session) : unreached(trouble);
  }

  /** S4. @returns what has come in between */
  private async prepare(
    { connection }: PoolConnection,
    session: Session,
  ): Promise<Unknown | undefined> {
    if (this.setUp.has(connection)) return undefined;
    const ran = await session.run({ text: SET_UP });
    if (ran.type !== 'done') return unknown(ran.reason);
    this.setUp.add(connection);
    return undefined;
  }

  private letGo(connection: PoolConnection): void {
    if (this.busy.delete(connection)) connection.release();
  }

  private drop(connection: PoolConnection): void {
    if (this.busy.delete(connection)) connection.destroy();
  }
}

/** How to connect there, for a pool or for one connection. */
export function connectionTo(url: string): { uri: string; connectTimeout: number } {
  return { uri: url, connectTimeout: CONNECT_TIMEOUT_MS };
}

/** What a connection can do here; any of mysql2's. */
export interface Queryable {
  query(text: string, values?: string[]): Promise<readonly [unknown, unknown]>;
}

/** What comes of one statement. Never rejects (S1). */
export async function heardOut<Row extends object>(
  connection: Queryable,
  { text, values }: Statement,
): Promise<Ran<Row>> {
  try {
    const [rows] = await connection.query(text, values === undefined ? undefined : [...values]);
    return { type: 'done', rows: Array.isArray(rows) ? (rows as Row[]) : [] };
  } catch (error) {
    const errno = refusalIn(error);
    if (errno === undefined) return unknown(reasonOf(error));
    return { type: 'failed', errno, reason: reasonOf(error) };
  }
}

export function unknown(reason: string): Unknown {
  return { type: 'unknown', reason };
}

/** Of the driver or the server. Neither repeats a password. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ');
  }
  const message = error instanceof Error ? error.message : String(error);
  const errno = refusalIn(error);
  return errno === undefined ? message : `${message} (${errno})`;
}

function sessionOn(connection: PoolConnection, limit: TimeLimit, drop: () => void): Session {
  return {
    run: async <Row extends object>(statement: Statement): Promise<Ran<Row>> => {
      if (limit.isOver()) return unknown(limit.reason); // S2
      const ran = await heardOut<Row & RowDataPacket>(connection, statement);
      if (ran.type === 'unknown') drop(); // S3
      return ran;
    },
  };
}

/** They end the session, or come while the statement is under way: nothing is known then. */
const ENDS_THE_SESSION: ReadonlySet<number> = new Set([
  1053, // the server shuts down
  1317, // the statement was interrupted
  1927, // the connection was killed
  1969, // the statement has taken too long
]);

/** The server's number, if it has said no and goes on. */
function refusalIn(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return undefined;
  const { errno } = error;
  return typeof errno === 'number' && !ENDS_THE_SESSION.has(errno) ? errno : undefined;
}
