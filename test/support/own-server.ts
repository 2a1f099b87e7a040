// A Postgres server of a test file's own, for tests that stop it or change its settings.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { startPostgres } from '../../scripts/lib/postgres.mjs';

type Settings = NonNullable<Parameters<typeof startPostgres>[0]['settings']>;

export interface OwnServer {
  /** The same whenever it runs. */
  readonly databaseUrl: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Not started yet. Call it at the top of a file: it is removed after the file's tests. */
export async function ownServer(settings: Settings = {}): Promise<OwnServer> {
  const dataDir = mkdtempSync(path.join(tmpdir(), `concordat-test-${process.pid}-own-`));
  const port = await freePort();
  let running: Awaited<ReturnType<typeof startPostgres>> | undefined;
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  afterAll(async () => {
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return {
    databaseUrl: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    start: async () => {
      running = await startPostgres({ dataDir, port, settings: { fsync: 'off', ...settings } });
    },
    stop,
  };
}
