// A service whose work is in Redis, under test.
import { nodeHandler } from '@concordat/participant-sdk';
import { Redis } from 'ioredis';
import { afterAll, inject } from 'vitest';
import { serve } from './calling.js';
import type { RedisScripted } from './redis-scripted.js';
import { effectsIn, redisScripted } from './redis-scripted.js';
import type { StoreUnderTest } from './stores.js';

export interface RedisStore extends StoreUnderTest {
  readonly redis: Redis;
  readonly service: StoreUnderTest['service'] & { readonly scripted: RedisScripted };
}

/** For the top of a file. */
export async function redisStore(): Promise<RedisStore> {
  const redis = new Redis(inject('redisUrl'), { lazyConnect: true });
  afterAll(() => redis.disconnect());
  const scripted = redisScripted(redis);
  const url = await serve(nodeHandler(scripted.participant, { prefix: '' }));
  return {
    name: 'Redis',
    redis,
    service: { url, scripted },
    effectsOf: async (gtid) => (await effectsIn(redis, gtid)).toSorted(),
  };
}
