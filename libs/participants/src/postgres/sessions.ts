// Connections to one database, for statements that are each a transaction of its own.
//
// S1. `run` never rejects. `failed` is an error that Postgres has raised in a session that goes on:
//     its SQLSTATE says what it means. Everything else that is no success is `unknown`: the
//     statement may have been done, or may yet be.
// S2. Success with a warning is `unknown`: a commit that gave up waiting for its standby is done
//     here and may still be forgotten.
// S3. `run` ends within its time. A statement that has not been sent by then never is. One that has
//     been goes on: no time limit of the driver's or the server's can call back a commit.
// S4. Such a one keeps its connection, for at most LINGER_MS; then the connection is dropped, for
//     there may be nobody at its other end. So at most CONNECTIONS_MAX statements linger, and what
//     comes beyond them waits for a connection until its time is up.
// S5. Nothing is connected before the first statement, and a server that is gone or restarted costs
//     the connections it had. A pool that nobody listens to would end the process instead.
import type { PoolClient, QueryResultRow } from 'pg';
import pg from 'pg';
import type { TimeLimit } from '../time-limit.js';

export type Ran<Row> =
  | {
      readonly type: 'done';
      readonly rows: readonly Row[];
      /** The first word of the command tag. */
      readonly command: string;
    }
  | { readonly type: 'failed'; readonly sqlState: string; readonly reason: string }
  | { readonly type: 'unknown'; readonly reason: string };

export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

const CONNECTIONS_MAX_DEFAULT = 10;
export const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;
const LINGER_MS_DEFAULT = 120_000;

export interface SessionsOptions {
  readonly connectionsMax?: number;
  /** How long a statement may go on that nobody waits for any more (S4). */
  readonly lingerMs?: number;
}

export class Sessions {
  private readonly pool: pg.Pool;
  private readonly lingerMs: number;
  private readonly busy = new Set<PoolClient>();

  constructor(
    url: string,
    { connectionsMax = CONNECTIONS_MAX_DEFAULT, lingerMs = LINGER_MS_DEFAULT }: SessionsOptions,
  ) {
    this.lingerMs = lingerMs;
    this.pool = new pg.Pool({
      ...connectionTo(url),
      max: connectionsMax,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
    });
    this.pool.on('error', ignore); // S5
    this.pool.on('connect', (client) => client.on('error', ignore));
  }

  /** @param limit of the statement and of the wait for a connection */
  run<Row extends QueryResultRow>(statement: Statement, limit: TimeLimit): Promise<Ran<Row>> {
    return limit.bound(this.attempt<Row>(statement, limit), (reason) => unknown(reason));
  }

  /** Drops every connection: whatever is under way is unknown. */
  async close(): Promise<void> {
    const ended = this.pool.end();
    for (const client of this.busy) this.drop(client);
    await ended;
  }

  private async attempt<Row extends QueryResultRow>(
    statement: Statement,
    limit: TimeLimit,
  ): Promise<Ran<Row>> {
    const client = await this.pool.connect().catch(reasonOf);
    if (typeof client === 'string') return unknown(client);
    if (limit.isOver()) {
      client.release(); // S3
      return unknown(limit.reason);
    }
    this.busy.add(client);
    const lingered = setTimeout(() => this.drop(client), limit.remainingMs() + this.lingerMs);
    const ran = await heardOut<Row>(client, statement);
    clearTimeout(lingered);
    if (ran.type === 'unknown') this.drop(client);
    else this.letGo(client);
    return ran;
  }

  private letGo(client: PoolClient): void {
    if (this.busy.delete(client)) client.release();
  }

  private drop(client: PoolClient): void {
    if (this.busy.delete(client)) client.release(true);
  }
}

/** How to connect there, for a pool or for one client. */
export function connectionTo(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'concordat',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
}

interface Notice {
  readonly code: string | undefined;
  readonly message?: string | undefined;
}

const SUCCESSFUL_COMPLETION = '00000'; // what a mere NOTICE bears

/** What comes of one statement. Never rejects (S1). */
export async function heardOut<Row extends QueryResultRow>(
  client: pg.ClientBase,
  { text, values }: Statement,
): Promise<Ran<Row>> {
  const warnings: string[] = [];
  const onNotice = ({ code, message = 'a warning' }: Notice): void => {
    if (code !== SUCCESSFUL_COMPLETION) warnings.push(message);
  };
  client.on('notice', onNotice);
  try {
    const query = values === undefined ? { text } : { text, values: [...values] };
    const { rows, command } = await client.query<Row>(query);
    if (warnings.length > 0) return unknown(`ended with a warning: ${warnings.join('; ')}`); // S2
    return { type: 'done', rows, command };
  } catch (error) {
    const sqlState = refusalIn(error);
    if (sqlState === undefined) return unknown(reasonOf(error));
    return { type: 'failed', sqlState, reason: reasonOf(error) };
  } finally {
    client.off('notice', onNotice);
  }
}

/** Connection exceptions, and a server that ends sessions: nothing is known then (S1). */
const ENDS_THE_SESSION = /^(08|57P)/;

/** The SQLSTATE, if Postgres has said no and goes on. */
function refusalIn(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL') return undefined;
  const { code = '' } = error;
  return code === '' || ENDS_THE_SESSION.test(code) ? undefined : code;
}

/** Of the driver or the server. Neither repeats a password. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ');
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof pg.DatabaseError ? ` (${error.code ?? 'no SQLSTATE'})` : '';
  return `${message}${code}`;
}

function unknown(reason: string): { readonly type: 'unknown'; readonly reason: string } {
  return { type: 'unknown', reason };
}

function ignore(): void {}
