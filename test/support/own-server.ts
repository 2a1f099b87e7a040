// A Postgres server of a test file's own, for tests that stop it, kill it, put an old copy of it
// back or change its settings.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { startPostgres } from '../../scripts/lib/postgres.mjs';
import { isRunning } from '../../scripts/lib/processes.mjs';
import { eventually } from './eventually.js';

type Settings = NonNullable<Parameters<typeof startPostgres>[0]['settings']>;
type Running = Awaited<ReturnType<typeof startPostgres>>;

export interface OwnServer {
  /** The same whenever it runs. */
  readonly databaseUrl: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends the postmaster by SIGKILL; what it has started ends when it notices. @returns its id */
  kill(): Promise<number>;
  /** Stops it, copies all of it, and starts it again. @returns what puts the copy back, likewise */
  backUp(): Promise<() => Promise<void>>;
}

/**
 * Not started yet. Call it at the top of a file: it is removed after the file's tests.
 * @param parent where its directory is made
 */
export async function ownServer(settings: Settings = {}, parent = tmpdir()): Promise<OwnServer> {
  const dataDir = mkdtempSync(path.join(parent, `concordat-test-${process.pid}-own-`));
  const port = await freePort();
  const given = { dataDir, port, settings: { fsync: 'off', ...settings } };
  let running: Running | undefined;
  // After a kill, what the postmaster has started may take a moment to go.
  const start = async (): Promise<void> => {
    running = await eventually('the server starts', () =>
      startPostgres(given).catch(() => undefined),
    );
  };
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  afterAll(async () => {
    await stop();
    for (const dir of [dataDir, `${dataDir}.copy`]) rmSync(dir, { recursive: true, force: true });
  });
  return {
    databaseUrl: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    start,
    stop,
    kill: async () => {
      const { pid = 0 } = running ?? {};
      running = undefined;
      process.kill(pid, 'SIGKILL');
      await eventually('the postmaster is gone', () => !isRunning(pid));
      return pid;
    },
    backUp: async () => {
      const copy = `${dataDir}.copy`;
      await stop();
      copyAll(dataDir, copy);
      await start();
      return async () => {
        await stop();
        copyAll(copy, dataDir);
        await start();
      };
    },
  };
}

/** With its owner, who is not always the one who copies. */
function copyAll(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
}
