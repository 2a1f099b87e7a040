// The queue in Postgres: BullMQ's own backend, for installations without Redis. Dearer for each
// ring than Redis by an order of magnitude, and good enough: only what waits is ever rung for.
import { createPostgresBackend, runMigrations, withBackend } from 'bullmq';
import pg from 'pg';
import type { BullQueue, Handlers } from './bull-queue.js';
import { openBullQueue } from './bull-queue.js';

const SCHEMA = 'concordat_wakeups';
const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 10_000;

/**
 * BullMQ does not listen for the errors of a connection that it has taken from its pool. One that
 * breaks just then would end the process; whoever waits for its answer hears of it all the same.
 */
class ToleratedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => {});
  }
}

/**
 * Creates the queue's tables if need be. Rejects if Postgres cannot be reached: BullMQ remembers
 * a first connection that failed and never makes a second, so nothing of it is kept.
 */
export async function connectPostgres(url: string, handlers: Handlers): Promise<BullQueue> {
  await migrate(url);
  const connection = {
    connectionString: url,
    schema: SCHEMA,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    Client: ToleratedClient,
  };
  const queue = openBullQueue(
    withBackend(createPostgresBackend),
    { producer: { ...connection, max: 1 }, worker: { ...connection, max: 4 } },
    handlers,
  );
  try {
    await queue.waitUntilReady();
  } catch (error) {
    await queue.close(true);
    throw error;
  }
  // Closing ends the connections as well; there is nothing to cut.
  return { add: queue.add, close: queue.close, isReady: () => true, cut: () => {} };
}

async function migrate(connectionString: string): Promise<void> {
  const client = new ToleratedClient({
    connectionString,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    await client.end();
  }
}
