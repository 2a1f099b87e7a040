// A database that is starting up, restarting or failing over is waited for; one that says no to
// us is not.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { PostgresUnreachable } from './errors.js';

const RETRY_MS = 250;
const CONNECT_TIMEOUT_MS = 5_000;

/** SQLSTATEs of a server that will take connections later: starting or stopping, or full. */
const LATER = /^(57P01|57P02|57P03|53300|08...)$/;

export interface Waiting {
  readonly databaseUrl: string;
  readonly timeoutMs: number;
  /** Called before each further attempt, with why the last one has failed. */
  readonly onWaiting: (reason: string) => void;
}

/**
 * Resolves once the database takes connections.
 * @throws PostgresUnreachable after `timeoutMs`; at once, what it says if it does not want us
 */
export async function waitForPostgres(waiting: Waiting): Promise<void> {
  const { databaseUrl, timeoutMs, onWaiting } = waiting;
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const failure = await attempt(databaseUrl);
    if (failure === undefined) return;
    if (failure instanceof pg.DatabaseError && !LATER.test(failure.code ?? '')) throw failure;
    if (performance.now() + RETRY_MS > giveUpAt) {
      throw new PostgresUnreachable(`no database after ${timeoutMs} ms: ${failure.message}`, {
        cause: failure,
      });
    }
    onWaiting(failure.message);
    await delay(RETRY_MS);
  }
}

/** Why the database could not be connected to; undefined if it could. */
async function attempt(connectionString: string): Promise<Error | undefined> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined); // connect() rejects with the same
  try {
    await client.connect();
    await client.end();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
