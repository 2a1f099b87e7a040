// Runs a Lua script by its digest, and by its text where the server does not know it (any more).
import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';

/** One server with its replicas, or a cluster of them. */
export type RedisClient = Redis | Cluster;

export interface Script {
  readonly lua: string;
  readonly digest: string;
}

export function scriptOf(lua: string): Script {
  return { lua, digest: createHash('sha1').update(lua).digest('hex') };
}

export async function runScript(
  redis: RedisClient,
  { lua, digest }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  try {
    return await redis.evalsha(digest, keys.length, ...keys, ...args);
  } catch (error) {
    const isUnknown = error instanceof Error && error.message.startsWith('NOSCRIPT');
    if (!isUnknown) throw error;
    return redis.eval(lua, keys.length, ...keys, ...args);
  }
}
