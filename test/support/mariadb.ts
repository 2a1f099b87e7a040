// MariaDB for a test file: a database of its own on the run's server, or a whole server of its own
// for tests that stop or kill it.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Pool, createConnection, createPool } from 'mysql2/promise';
import { afterAll, inject } from 'vitest';
import { startMariadb } from '../../scripts/lib/mariadb.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';

type Settings = NonNullable<Parameters<typeof startMariadb>[0]['settings']>;
type Running = Awaited<ReturnType<typeof startMariadb>>;

const CACHE = path.resolve('node_modules/.cache/mariadb');
const POOL_MAX = 10;

export interface TestMariadb {
  /** A superuser's address of this file's database: mysql://… */
  readonly url: string;
  readonly database: string;
  /** For statements of the test itself. */
  readonly pool: Pool;
}

export interface OwnMariadb {
  /** The address of a database of its own, the same whenever the server runs. */
  readonly url: string;
  /** A pool of that database, for statements of the test itself. */
  readonly pool: Pool;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends it by SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * A database without anything in it, dropped after the file's tests, which must not leave a branch
 * prepared in it. For the top of a file.
 */
export async function mariadbDatabase(): Promise<TestMariadb> {
  const serverUrl = inject('mariadbUrl');
  const database = `concordat_test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(serverUrl, `create database ${database}`);
  const url = withDatabase(serverUrl, database);
  const pool = poolOf(url);
  afterAll(async () => {
    await pool.end();
    await asSuperuser(serverUrl, `drop database ${database}`);
  });
  return { url, database, pool };
}

/** A server that is not started yet, removed after the file's tests. For the top of a file. */
export async function ownMariadb(settings: Settings = {}): Promise<OwnMariadb> {
  const dataDir = mkdtempSync(path.join(tmpdir(), `concordat-test-${process.pid}-mariadb-`));
  const port = await freePort();
  const url = `mysql://root:mariadb@127.0.0.1:${port}/own`;
  const pool = poolOf(url);
  let running: Running | undefined;
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  afterAll(async () => {
    await pool.end();
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return {
    url,
    pool,
    start: async () => {
      running = await startMariadb({ dataDir, cache: CACHE, port, settings });
      await asSuperuser(running.url(), 'create database if not exists own');
    },
    stop,
    kill: async () => {
      await running?.kill();
      running = undefined;
    },
  };
}

function poolOf(url: string): Pool {
  return createPool({ uri: url, connectionLimit: POOL_MAX });
}

function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function asSuperuser(serverUrl: string, statement: string): Promise<void> {
  const connection = await createConnection(serverUrl);
  try {
    await connection.query('set session lock_wait_timeout = 5'); // not a day
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
