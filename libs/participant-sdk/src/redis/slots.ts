// In a cluster, a script may only touch keys of one slot, and keys are in one slot for certain if
// they have the same hash tag: `{shop}` in `concordat:{shop}:…` and in `{shop}:stock:7`.
import type { RedisClient } from './run-script.js';

export interface Slots {
  /** @throws {Error} if `key` cannot be written together with the barrier's row */
  requireNear(key: string): void;
}

/** @throws {Error} if it is a cluster and `prefix` has no hash tag */
export function slotsOf(redis: RedisClient, prefix: string): Slots {
  if (!redis.isCluster) return { requireNear: () => undefined };
  const { keyPrefix = '' } = redis.options;
  const tag = tagOf(keyPrefix + prefix);
  if (tag === undefined) {
    throw new Error(
      `in a Redis cluster, the prefix of a barrier must have a hash tag, as in "${prefix}:{shop}": ` +
        'all keys that handlers read and write must have the same',
    );
  }
  return {
    requireNear(key) {
      if (tagOf(keyPrefix + key) === tag) return;
      throw new Error(
        `the key "${key}" may be in another slot than the barrier: it must have the hash tag {${tag}}`,
      );
    },
  };
}

/** What stands between the first `{` and the next `}`, if that is anything. */
function tagOf(key: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1];
}
