// A participant whose work is in Redis: its handlers leave a mark of having run, and then do as the
// payload says.
import type { Context, Participant } from '@concordat/participant-sdk';
import { participant, Refused, refused } from '@concordat/participant-sdk';
import type { RedisClient, RedisTransaction } from '@concordat/participant-sdk/redis';
import { redisBarrier } from '@concordat/participant-sdk/redis';
import type { Json } from '@concordat/protocols';
import type { Latch } from './calling.js';

export interface RedisScripted {
  readonly participant: Participant;
  /** What was reported as having left a call in doubt. */
  readonly reported: string[];
  /** How often a handler has run, whether or not its writes stayed. */
  runs: number;
  /** The next door at which handlers wait. */
  door: Latch | undefined;
}

/** What a handler does with the transaction of a call. */
export type Work = (tx: RedisTransaction, context: Context<Json>) => Promise<Json | Refused | void>;

/** The operations that have had an effect, in the order in which they had it. */
export function effectsIn(redis: RedisClient, gtid: string): Promise<readonly string[]> {
  return redis.lrange(`{test}:effects:${gtid}`, 0, -1);
}

/** @param work instead of what the payload says */
export function redisScripted(redis: RedisClient, work?: Work): RedisScripted {
  const reported: string[] = [];
  const handle = async (context: Context<Json>, tx: RedisTransaction): Promise<Json | Refused> => {
    const { gtid, operation, token, payload } = context;
    self.runs += 1;
    tx.rpush(`{test}:effects:${gtid}`, operation);
    const word = await work?.(tx, context);
    if (word !== undefined) return word;
    if (payload === 'wait') await self.door?.wait();
    if (payload === 'throw') throw new Error('out of order');
    return payload === 'refuse' ? refused('not today') : { by: operation, token };
  };
  const order = async (context: Context<Json>, tx: RedisTransaction): Promise<Refused | void> => {
    const word = await handle(context, tx);
    return word instanceof Refused ? word : undefined;
  };
  const self: RedisScripted = {
    reported,
    runs: 0,
    door: undefined,
    participant: participant<Json, RedisTransaction>({
      barrier: redisBarrier(redis, { prefix: 'concordat:{test}' }),
      parse: (payload) => (payload === 'nonsense' ? refused('no such script') : payload),
      saga: { execute: handle, compensate: order },
      tcc: { try: handle, confirm: order, cancel: order },
      report: (error) => reported.push(String(error)),
    }),
  };
  return self;
}
