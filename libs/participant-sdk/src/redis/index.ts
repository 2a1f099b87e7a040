export { redisBarrier } from './redis-barrier.js';
export type { RedisBarrierOptions } from './redis-barrier.js';
export type { RedisClient } from './run-script.js';
export type { RedisTransaction } from './transaction.js';
