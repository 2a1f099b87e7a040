// The queue in Redis. Its connections are made here and not by BullMQ, so that they can be asked
// whether they are ready, and be cut when Redis is gone: to close a worker, BullMQ waits for Redis.
//
// - The producer's fails fast. By default ioredis keeps commands until Redis comes back.
// - The worker's two wait for ever, as BullMQ demands of connections that block.
import { createRedisBackend, withBackend } from 'bullmq';
import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import type { BullQueue, Handlers } from './bull-queue.js';
import { openBullQueue } from './bull-queue.js';

const COMMAND_TIMEOUT_MS = 2_000;
/** How long a server may take to close a connection before it is dropped. */
const DISCONNECT_TIMEOUT_MS = 500;

/** Resolves at once: there need not be a Redis yet. */
export function connectRedis(url: string, handlers: Handlers): Promise<BullQueue> {
  const connections: Redis[] = [];
  const kept = (connection: Redis): void => {
    // BullMQ listens too, but not to the end; without a listener ioredis prints to the console.
    connection.on('error', (error) => handlers.onTrouble('wakeups connection', error));
    connections.push(connection);
  };
  const producer = new KeptRedis(url, kept, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  const worker = new KeptRedis(url, kept, { maxRetriesPerRequest: null });
  const queue = openBullQueue(withBackend(createRedisBackend), { producer, worker }, handlers);
  return Promise.resolve({
    add: queue.add,
    close: queue.close,
    isReady: () => producer.status === 'ready',
    cut: () => {
      for (const connection of connections) connection.disconnect();
    },
  });
}

/** Also hands over the copies that are made of it: BullMQ makes one to block on. */
class KeptRedis extends Redis {
  constructor(
    url: string,
    private readonly kept: (connection: Redis) => void,
    options: RedisOptions,
  ) {
    super(url, { ...options, disconnectTimeout: DISCONNECT_TIMEOUT_MS });
    kept(this);
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate(override);
    this.kept(copy);
    return copy;
  }
}
