// The work of a call in Redis: all of it or nothing, on what was read, once.
import { randomUUID } from 'node:crypto';
import type { ParticipantOptions } from '@concordat/participant-sdk';
import { participant, postgresTwoPhase, refused } from '@concordat/participant-sdk';
import type { RedisClient, RedisTransaction } from '@concordat/participant-sdk/redis';
import { redisBarrier } from '@concordat/participant-sdk/redis';
import type { Json, Operation } from '@concordat/protocols';
import type { ParticipantAnswer } from '@concordat/wire';
import { asBranchId, asGtid } from '@concordat/wire';
import { Cluster, Redis } from 'ioredis';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { acknowledged, reply, untilSettled, working } from './calling.js';
import { poolOf } from './databases.js';
import { ownCluster } from './redis-cluster.js';
import { losingProxy } from './redis-proxy.js';
import type { RedisScripted, Work } from './redis-scripted.js';
import { effectsIn, redisScripted } from './redis-scripted.js';
import { clientOf, ownRedis } from '../support/redis-server.js';

const redisUrl = inject('redisUrl');
const redis = new Redis(redisUrl, { lazyConnect: true });
afterAll(() => redis.disconnect());

/** One TCC branch, called without HTTP between. */
function branchOf({ participant: called }: RedisScripted, payload: Json = 'obey') {
  const gtid = asGtid(randomUUID());
  const heading = { from: 'coordinator', gtid, branch: asBranchId('branch') } as const;
  const more = { protocol: 'tcc', retriable: false, traceparent: null, payload } as const;
  return {
    gtid,
    call: (operation: Operation, token: number) =>
      called.answer({ ...heading, ...more, operation, token }) as Promise<ParticipantAnswer>,
  };
}

function keyed(...names: readonly string[]): readonly string[] {
  return names.map((name) => `{test}:${name}:${randomUUID()}`);
}

/** What a try with `work` is answered, what was reported, and whether it had its effect. */
async function tryWith(work: Work, on: RedisClient = redis) {
  const service = redisScripted(on, work);
  const branch = branchOf(service);
  const answer = await branch.call('try', 1);
  return { answer, reported: service.reported, effects: await effectsIn(on, branch.gtid), branch };
}

const done = expect.objectContaining(reply('tried'));

describe('work in Redis', () => {
  test('reads and writes what the commands of their names do', async () => {
    const [text = '', hash = '', set = '', zset = '', list = '', stream = ''] = keyed(
      'text',
      'hash',
      'set',
      'zset',
      'list',
      'stream',
    );
    const first = await tryWith(async (tx) => {
      tx.set(text, 'ü"\\\n\u{1f600}');
      tx.hset(hash, { a: '1', __proto__x: '2' });
      tx.hincrby(hash, 'a', 41);
      tx.sadd(set, 'x', 'y');
      tx.zadd(zset, 1.5, 'low');
      tx.zadd(zset, 1e21, 'high');
      tx.rpush(list, 'p', 'q');
      tx.xadd(stream, { event: 'tried' });
    });
    expect(first).toMatchObject({ answer: done, effects: ['try'] });
    const read: unknown[] = [];
    await tryWith(async (tx) => {
      read.push(await tx.get(text), await tx.get('{test}:none'), await tx.exists(text));
      read.push(await tx.hget(hash, 'a'), await tx.hget(hash, 'z'), await tx.hgetall(hash));
      read.push(await tx.sismember(set, 'x'), (await tx.smembers(set)).toSorted());
      read.push(await tx.scard(set), await tx.zscore(zset, 'low'), await tx.zscore(zset, 'no'));
      read.push(await tx.zrange(zset, 0, -1), await tx.llen(list), await tx.lrange(list, 0, 0));
    });
    const texts = ['ü"\\\n\u{1f600}', null, true];
    const fields = ['42', null, { a: '42', __proto__x: '2' }];
    const members = [true, ['x', 'y'], 2, 1.5, null, ['low', 'high'], 2, ['p']];
    expect(read).toEqual([...texts, ...fields, ...members]);
    await tryWith(async (tx) => {
      tx.del(text);
      tx.hdel(hash, 'a');
      tx.srem(set, 'x');
      tx.zrem(zset, 'low');
    });
    expect(await redis.exists(text)).toBe(0);
    expect(await redis.hgetall(hash)).toEqual({ __proto__x: '2' });
    expect(await redis.smembers(set)).toEqual(['y']);
    expect(await redis.zrange(zset, 0, -1)).toEqual(['high']);
    expect(await redis.xrange(stream, '-', '+')).toMatchObject([[/-/, ['event', 'tried']]]);
  });

  describe('that cannot be done', () => {
    const [text = '', list = '', big = ''] = keyed('a-text', 'a-list', 'a-big');
    test.each<[string, (tx: RedisTransaction) => void, RegExp]>([
      ['a field of a text', (tx) => tx.hset(text, { a: '1' }), /HSET of .*, which is a string/],
      ['a member of a list', (tx) => tx.sadd(list, 'x'), /SADD of .*, which is a list/],
      ['a score in a list', (tx) => tx.zadd(list, 1, 'x'), /ZADD of .*, which is a list/],
      ['an entry of a text', (tx) => tx.xadd(text, { a: '1' }), /XADD of .*, which is a string/],
      ['the sum of a text', (tx) => tx.incrby(text, 1), /INCRBY of .*, which is no number/],
      ['too large a sum', (tx) => tx.incrby(big, 1), /too large a one/],
      [
        'a member of what was a list until this call pushed',
        (tx) => {
          tx.del(text);
          tx.rpush(text, 'x');
          tx.sadd(text, 'x');
        },
        /SADD of .*, which is a list/,
      ],
      [
        'the sum of what this call has written',
        (tx) => {
          tx.set(list, 'x');
          tx.incrby(list, 1);
        },
        /INCRBY of .*, which is no number/,
      ],
      [
        'the sum of a field that this call has written',
        (tx) => {
          tx.hset('{test}:fresh', { n: '1e3' });
          tx.hincrby('{test}:fresh', 'n', 1);
        },
        /HINCRBY of .*, which is no number/,
      ],
    ])('(%s) is in doubt, and nothing of it is done', async (_, impossible, reason) => {
      await redis
        .multi()
        .set(text, 'x')
        .del(list)
        .rpush(list, 'x')
        .set(big, Number.MAX_SAFE_INTEGER)
        .exec();
      const [before = ''] = keyed('before');
      const { answer, reported, effects, branch } = await tryWith(async (tx) => {
        tx.set(before, 'written');
        impossible(tx);
      });
      expect(answer.type).toBe('in-doubt');
      expect(reported[0]).toMatch(reason);
      expect(effects).toEqual([]);
      expect(await redis.exists(before, '{test}:fresh')).toBe(0);
      expect(await redis.exists(`concordat:{test}:${branch.gtid}:branch`)).toBe(0);
    });

    test('is counted on paper as Redis counts', async () => {
      const [number = '', hash = '', typed = ''] = keyed('number', 'hash', 'typed');
      await redis.set(typed, 'text');
      const { answer } = await tryWith(async (tx) => {
        tx.set(number, '5');
        tx.incrby(number, -7);
        tx.incrby(number, 2);
        tx.hset(hash, { n: '3' });
        tx.hincrby(hash, 'n', 4);
        tx.hdel(hash, 'n');
        tx.hincrby(hash, 'n', 1);
        tx.del(typed);
        tx.sadd(typed, 'x');
      });
      expect(answer).toEqual(done);
      expect(await redis.get(number)).toBe('0');
      expect(await redis.hget(hash, 'n')).toBe('1');
      expect(await redis.smembers(typed)).toEqual(['x']);
    });

    test.each<[string, Work, RegExp]>([
      [
        'reads what it has written',
        async (tx) => {
          tx.set('{test}:x', '1');
          await tx.get('{test}:x');
        },
        /was written in this call: read it before/,
      ],
      ['counts by a fraction', async (tx) => tx.incrby('{test}:x', 0.5), /not a whole number/],
      ['scores nothing', async (tx) => tx.zadd('{test}:x', NaN, 'm'), /can be a score/],
      ['adds nothing', async (tx) => tx.xadd('{test}:x', {}), /at least one field/],
      [
        'writes without end',
        async (tx) => {
          for (;;) tx.incrby('{test}:x', 1);
        },
        /may read and write 1000 times/,
      ],
    ])('because its handler %s, is in doubt', async (_, work, reason) => {
      const { answer, reported, effects } = await tryWith(work);
      expect(answer.type).toBe('in-doubt');
      expect(reported[0]).toMatch(reason);
      expect(effects).toEqual([]);
    });

    test('because its handler has returned, is lost, and that is said', async () => {
      const kept: RedisTransaction[] = [];
      const { answer } = await tryWith(async (tx) => void kept.push(tx));
      expect(answer).toEqual(done);
      expect(() => kept[0]?.set('{test}:late', '1')).toThrow('its transaction is over');
      await expect(kept[0]?.get('{test}:late')).rejects.toThrow('its transaction is over');
    });

    test('because the user may not, is in doubt, and nothing of it is done', async () => {
      const server = await ownRedis();
      await clientOf(server.url).acl('SETUSER', 'shop', 'on', '>secret', '~*', '+@all', '-zadd');
      const shop = clientOf(server.url, { username: 'shop', password: 'secret' });
      const { answer, reported, effects } = await tryWith(
        async (tx) => tx.zadd('{test}:z', 1, 'x'),
        shop,
      );
      expect(answer.type).toBe('in-doubt');
      expect(reported[0]).toMatch(/ZADD of .*, which this user may not/);
      expect(effects).toEqual([]);
    });

    test('because memory is short, is in doubt, and nothing of it is done', async () => {
      const server = await ownRedis();
      const admin = clientOf(server.url);
      await admin.set('{test}:ballast', 'x'.repeat(100_000));
      await admin.config('SET', 'maxmemory', '1mb');
      const { answer, reported, effects, branch } = await tryWith(
        async (tx) => tx.del('{test}:ballast'),
        admin,
      );
      expect(answer.type).toBe('in-doubt');
      expect(reported[0]).toMatch(/OOM/);
      expect(effects).toEqual([]);
      expect(await admin.exists('{test}:ballast')).toBe(1);
      await admin.config('SET', 'maxmemory', '0');
      expect(await branch.call('try', 1)).toEqual(done);
      expect(await admin.exists('{test}:ballast')).toBe(0);
    });
  });

  describe('on what others write too', () => {
    test('sells no more than there is, however many ask at once', async () => {
      const [stock = ''] = keyed('stock');
      await redis.hset(stock, 'left', 10);
      const service = redisScripted(redis, async (tx) => {
        const left = Number(await tx.hget(stock, 'left'));
        if (left < 1) return refused('sold out');
        tx.hincrby(stock, 'left', -1);
        return undefined;
      });
      const answers = await Promise.all(
        Array.from({ length: 25 }, () => {
          const branch = branchOf(service);
          return untilSettled(() => branch.call('try', 1));
        }),
      );
      const replies = answers.map((answer) => (answer.type === 'reply' ? answer.reply.type : ''));
      expect(replies.filter((type) => type === 'tried')).toHaveLength(10);
      expect(replies.filter((type) => type === 'refused')).toHaveLength(15);
      expect(await redis.hget(stock, 'left')).toBe('0');
      expect(service.runs).toBeGreaterThan(25); // some had to look again
    });

    test('is done again on what is there now', async () => {
      const [key = ''] = keyed('price');
      await redis.set(key, '1');
      const seen: (string | null)[] = [];
      const { answer, effects } = await tryWith(async (tx) => {
        seen.push(await tx.get(key));
        if (seen.length === 1) await redis.set(key, '2'); // somebody else
      });
      expect(answer).toEqual(done);
      expect(seen).toEqual(['1', '2']);
      expect(effects).toEqual(['try']);
    });

    test.each<[string, (key: string) => Promise<unknown>]>([
      ['is gone', (key) => redis.del(key)],
      ['is of another type', (key) => redis.multi().del(key).set(key, 'x').exec()],
      ['has one more', (key) => redis.rpush(key, 'y')],
    ])('notices that what it has read %s', async (_, change) => {
      const [key = ''] = keyed('list');
      await redis.rpush(key, 'x');
      const seen: (readonly string[])[] = [];
      await tryWith(async (tx) => {
        seen.push(await tx.lrange(key, 0, -1).catch(() => ['not a list']));
        if (seen.length === 1) await change(key);
      });
      expect(seen).toHaveLength(2);
    });

    test('who never gets his turn is told to ask again', async () => {
      const [key = ''] = keyed('hot');
      const { answer, effects } = await tryWith(async (tx) => {
        await tx.get(key);
        await redis.incr(key); // somebody else, always
      });
      expect(answer).toEqual(working);
      expect(effects).toEqual([]);
    });
  });

  describe('when the connection', () => {
    test('is lost before the answer, is done once, though the script is sent again', async () => {
      const proxy = await losingProxy(redisUrl);
      const service = redisScripted(clientOf(proxy.url)); // with ioredis's own manners
      const branch = branchOf(service);
      await branch.call('try', 1);
      proxy.loseReplyTo('"operation":"confirm"');
      expect(await branch.call('confirm', 2)).toEqual(acknowledged);
      expect([proxy.lost, proxy.passed]).toEqual([1, 2]);
      expect(await effectsIn(redis, branch.gtid)).toEqual(['try', 'confirm']);
    });

    test('is not there, is in doubt; votes outlive a restart of Redis', async () => {
      const server = await ownRedis();
      const client = clientOf(server.url, { maxRetriesPerRequest: 1, commandTimeout: 1_000 });
      const branch = branchOf(redisScripted(client));
      await branch.call('try', 1);
      await server.stop();
      expect((await branch.call('confirm', 2)).type).toBe('in-doubt');
      await server.start();
      const answer = await eventually('it is confirmed', async () => {
        const said = await branch.call('confirm', 2);
        return said.type === 'reply' && said;
      });
      expect(answer).toEqual(acknowledged);
      expect(await effectsIn(client, branch.gtid)).toEqual(['try', 'confirm']);
    });

    test('is of a server that has forgotten all scripts, goes on', async () => {
      const server = await ownRedis();
      const client = clientOf(server.url);
      const branch = branchOf(redisScripted(client));
      await branch.call('try', 1);
      await client.script('FLUSH');
      expect(await branch.call('confirm', 2)).toEqual(acknowledged);
    });

    test('puts a prefix before every key, is the same', async () => {
      const prefixed = clientOf(redisUrl, { keyPrefix: 'mine:' });
      const { answer, branch } = await tryWith(async () => undefined, prefixed);
      expect(answer).toEqual(done);
      expect(await redis.lrange(`mine:{test}:effects:${branch.gtid}`, 0, -1)).toEqual(['try']);
      expect(await redis.exists(`mine:concordat:{test}:${branch.gtid}:branch`)).toBe(1);
    });
  });

  describe('in a cluster', () => {
    test('is done where every key has the tag of the barrier, and nowhere else', async () => {
      const cluster = await ownCluster();
      const { answer, effects } = await tryWith(async (tx) => {
        tx.set('{test}:a', String(await tx.get('{test}:b')));
      }, cluster);
      expect(answer).toEqual(done);
      expect(effects).toEqual(['try']);
      const astray = await tryWith(async (tx) => tx.set('stock:7', '1'), cluster);
      expect(astray.answer.type).toBe('in-doubt');
      expect(astray.reported[0]).toMatch(/"stock:7" may be in another slot .* hash tag \{test\}/);
      expect(astray.effects).toEqual([]);
    });

    test('needs a prefix with a hash tag', () => {
      const cluster = new Cluster([{ host: '127.0.0.1' }], { lazyConnect: true });
      expect(() => redisBarrier(cluster, { prefix: 'concordat' })).toThrow(
        /must have a hash tag, as in "concordat:\{shop\}"/,
      );
    });
  });

  test('has no part in 2PC and 3PC: the types do not allow it, nor does the barrier', async () => {
    const barrier = redisBarrier(redis, { prefix: 'concordat' });
    const resourceManager = postgresTwoPhase(poolOf('postgres://nobody.invalid'));
    const options: ParticipantOptions<Json, RedisTransaction> = {
      barrier,
      parse: (payload) => payload,
      // @ts-expect-error what Postgres prepares, no handler can write through Redis
      twoPhase: { resourceManager, prepare: async () => undefined },
    };
    const { operations } = participant({ barrier, parse: options.parse });
    expect([...operations]).toEqual([]);
    const call = {
      gtid: asGtid('one'),
      branch: asBranchId('branch'),
      operation: 'commit-one-phase',
      token: 1,
    } as const;
    const passing = barrier.pass(call, 'one-phase', () => Promise.reject(new Error('run')));
    await expect(passing).rejects.toThrow('Redis has no part in 2PC');
  });
});
