// A Redis of a test's own, that comes and goes, always at the same address.
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import { assert, onTestFinished } from 'vitest';
import { startRedis } from '../../scripts/lib/redis.mjs';

export interface OwnRedis {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** It takes connections and commands, and answers nothing. */
  hang(): void;
  goOn(): void;
}

/** Running. Call it in a test: it ends with it. */
export async function ownRedis(): Promise<OwnRedis> {
  const dir = mkdtempSync(path.join(tmpdir(), `concordat-test-${process.pid}-redis-`));
  const cache = path.resolve('node_modules/.cache/redis');
  let server = await startRedis({ dir, cache });
  assert(server !== undefined);
  const { url } = server;
  const port = Number(new URL(url).port);
  const signal = (name: NodeJS.Signals): void => {
    if (server?.pid !== undefined) process.kill(server.pid, name);
  };
  const stop = async (): Promise<void> => {
    signal('SIGCONT');
    await server?.stop();
    server = undefined;
  };
  onTestFinished(async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    url,
    start: async () => {
      server = await startRedis({ dir, cache, port });
    },
    stop,
    hang: () => signal('SIGSTOP'),
    goOn: () => signal('SIGCONT'),
  };
}

/** For the test itself; ends with it. */
export function clientOf(url: string, options: RedisOptions = {}): Redis {
  const client = new Redis(url, options);
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}
