// Participants behind queues, when Redis forgets, stops, hangs, or is not there: their calls are in
// doubt, with the reason and in time; asked again, each has had its effect exactly once.
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Participants, Question } from '@concordat/engine';
import type { Redis } from 'ioredis';
import { describe, expect, inject, test } from 'vitest';
import { latch } from '../barrier/calling.js';
import { serviceDatabase } from '../barrier/databases.js';
import { clientOf, ownRedis } from '../support/redis-server.js';
import { createEffects, effectsOf, scripted } from '../barrier/scripted.js';
import { eventually } from '../support/eventually.js';
import {
  bullQueue,
  doubtIn,
  newBranch,
  newQueue,
  participantsOn,
  reply,
  workerOn,
} from './queue-support.js';

const { pool } = await serviceDatabase();
await createEffects(pool);
const service = scripted(pool);
const effects = (gtid: string): Promise<readonly string[]> => effectsOf(pool, gtid);
const executed = reply('done', { result: { by: 'execute', token: 1 } });
const timeoutMs = 400;
const FLUSHES = 10;
const FLUSH_PERIOD_MS = 50;

// Servers of their own: these tests flush them and end them.
describe('a participant behind a queue, when Redis', () => {
  async function served() {
    const redis = await ownRedis();
    const queue = newQueue();
    const worker = await workerOn(redis.url, queue, service.participant);
    return { redis, queue, worker, participants: participantsOn(redis.url, queue) };
  }

  test('is flushed before a worker takes the job, it is added again', async () => {
    const redis = await ownRedis();
    const queue = newQueue();
    const participants = participantsOn(redis.url, queue);
    const branch = newBranch();
    const answer = participants.ask(branch.question('execute', 1));
    const client = clientOf(redis.url);
    await eventually('the job is there', async () => (await client.dbsize()) > 0);
    await client.flushall();
    await workerOn(redis.url, queue, service.participant);
    expect(await answer).toEqual(executed);
    expect(await effects(branch.gtid)).toEqual(['execute']);
  });

  test('is flushed while a worker is at it, the work is done once', async () => {
    const { redis, participants } = await served();
    const branch = newBranch('wait');
    service.door = latch();
    const answer = participants.ask(branch.question('execute', 1));
    await service.door.reached;
    await clientOf(redis.url).flushall();
    service.door.open();
    expect(await answer).toEqual(executed);
    expect(await effects(branch.gtid)).toEqual(['execute']);
  });

  test('is flushed after it was done, the barrier repeats the answer', async () => {
    const { redis, queue, participants } = await served();
    const branch = newBranch();
    await participants.ask(branch.question('execute', 1));
    await clientOf(redis.url).flushall();
    expect(await bullQueue(redis.url, queue).getJobs()).toEqual([]);
    expect(await participants.ask(branch.question('execute', 1))).toEqual(executed);
    expect(await effects(branch.gtid)).toEqual(['execute']);
  });

  test('has but a remnant of the job, it is made anew', async () => {
    const { redis, queue, participants } = await served();
    const branch = newBranch();
    const remnant = `bull:${queue}:${branch.gtid}~branch~execute~1`;
    await clientOf(redis.url).hset(remnant, { stc: '1' });
    expect(await participants.ask(branch.question('execute', 1))).toEqual(executed);
    expect(await effects(branch.gtid)).toEqual(['execute']);
  });

  test('stops and is started, it is in doubt at once, and then answers', async () => {
    const { redis, participants } = await served();
    const branch = newBranch();
    await participants.ask(branch.question('execute', 1));
    await redis.stop();
    const down = await eventually('the coordinator has noticed', async () => {
      const answer = await participants.ask(branch.question('compensate', 2, { timeoutMs }));
      return /^Redis cannot be reached: .*ECONNREFUSED/.test(doubtIn(answer)) && answer;
    });
    expect(down.type).toBe('in-doubt');
    await redis.start();
    await eventually('it answers again', async () => {
      const answer = await participants.ask(branch.question('compensate', 2));
      return answer.type === 'reply' && answer.reply.type === 'acknowledged';
    });
    expect(await effects(branch.gtid)).toEqual(['compensate', 'execute']);
    expect(participants.troubles).toHaveLength(1); // and not one for each attempt to connect
  });

  test('stops while a worker is at it, the answer is found when it is back', async () => {
    const { redis, participants } = await served();
    const branch = newBranch('wait');
    service.door = latch();
    const lost = participants.ask(branch.question('execute', 1));
    await service.door.reached;
    await redis.stop();
    expect(doubtIn(await lost)).toMatch(/^Redis: |^Redis cannot be reached: /);
    service.door.open();
    await eventually('the work is done', async () => (await effects(branch.gtid)).length > 0);
    await redis.start();
    const answer = await eventually('it answers again', async () => {
      const again = await participants.ask(branch.question('execute', 1));
      return again.type === 'reply' && again;
    });
    expect(answer).toEqual(executed);
    expect(await effects(branch.gtid)).toEqual(['execute']);
  });

  test('is not there yet, it is in doubt, and answers when it is', async () => {
    const redis = await ownRedis();
    await redis.stop();
    const queue = newQueue();
    const participants = participantsOn(redis.url, queue);
    const branch = newBranch();
    const down = await participants.ask(branch.question('execute', 1));
    expect(doubtIn(down)).toMatch(/^Redis cannot be reached: .*ECONNREFUSED/);
    await redis.start();
    await workerOn(redis.url, queue, service.participant);
    const up = await eventually('it answers', async () => {
      const answer = await participants.ask(branch.question('execute', 1));
      return answer.type === 'reply' && answer;
    });
    expect(up).toEqual(executed);
  });

  test('is gone, nothing is kept for it', async () => {
    const redis = await ownRedis();
    const participants = participantsOn(redis.url, newQueue());
    await participants.ask(newBranch().question('execute', 1, { timeoutMs: 100 }));
    await redis.stop();
    await eventually('the coordinator has noticed', async () => {
      const answer = await participants.ask(newBranch().question('execute', 1, { timeoutMs }));
      return doubtIn(answer).startsWith('Redis cannot be reached');
    });
    const asked = Array.from({ length: 5_000 }, () =>
      participants.ask(newBranch().question('execute', 1)),
    );
    const types = new Set((await Promise.all(asked)).map(({ type }) => type));
    expect(types).toEqual(new Set(['in-doubt']));
    await redis.start();
    const queue = newQueue();
    await workerOn(redis.url, queue, service.participant);
    const other = participantsOn(redis.url, queue);
    expect(await other.ask(newBranch().question('execute', 1))).toEqual(executed);
    const jobs = await clientOf(redis.url).keys('*~execute~1');
    expect(jobs.length).toBeLessThanOrEqual(2);
  });

  test('hangs, it is in doubt in time, and answers when it goes on', async () => {
    const { redis, participants } = await served();
    const branch = newBranch();
    await participants.ask(branch.question('execute', 1));
    redis.hang();
    const asked = Array.from({ length: 100 }, () =>
      participants.ask(branch.question('compensate', 2, { timeoutMs })),
    );
    expect((await Promise.all(asked)).map(({ type }) => type)).toEqual(asked.map(() => 'in-doubt'));
    redis.goOn();
    await eventually('it answers again', async () => {
      const answer = await participants.ask(branch.question('compensate', 2));
      return answer.type === 'reply';
    });
    expect(await effects(branch.gtid)).toEqual(['compensate', 'execute']);
  });

  test('hangs for long, it is hung up on', async () => {
    const { redis, participants } = await served();
    await participants.ask(newBranch().question('execute', 1));
    redis.hang();
    await eventually('the connection is given up', async () => {
      await participants.ask(newBranch().question('execute', 1, { timeoutMs }));
      return participants.troubles.some((trouble) => /timeout|closed/i.test(trouble));
    });
    redis.goOn();
    const again = await eventually('it answers again', async () => {
      const answer = await participants.ask(newBranch().question('execute', 1));
      return answer.type === 'reply' && answer;
    });
    expect(again).toEqual(executed);
  });

  test('is flushed again and again under load, every call has had its effect once', async () => {
    const { redis, queue, participants } = await served();
    await workerOn(redis.url, queue, service.participant);
    const other = participantsOn(redis.url, queue);
    const flushed = flushes(clientOf(redis.url));
    const branches = Array.from({ length: 200 }, () => newBranch());
    const asked = branches.flatMap((branch) => {
      const question = branch.question('execute', 1, { timeoutMs: 20_000 });
      return [participants, other].map((coordinator) => settled(coordinator, question));
    });
    expect(new Set((await Promise.all(asked)).map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify(executed)]),
    );
    expect((await flushed).filter((size) => size > 0).length).toBeGreaterThan(1);
    const effectsOfAll = await Promise.all(branches.map(({ gtid }) => effects(gtid)));
    expect(effectsOfAll).toEqual(branches.map(() => ['execute']));
  });
});

/** @returns how many keys were lost each time */
async function flushes(client: Redis): Promise<readonly number[]> {
  const sizes: number[] = [];
  while (sizes.length < FLUSHES) {
    await delay(FLUSH_PERIOD_MS);
    sizes.push(await client.dbsize());
    await client.flushall();
  }
  return sizes;
}

/** Asks as a coordinator does: again, until it is answered. */
function settled(coordinator: Participants, question: Question): Promise<Answer> {
  return eventually('an answer', async () => {
    const answer = await coordinator.ask(question);
    return answer.type === 'reply' && answer;
  });
}

describe('a coordinator that stops', () => {
  test('ends its calls, which are in doubt, and leaves their jobs', async () => {
    const redisUrl = inject('redisUrl');
    const queue = newQueue();
    const participants = participantsOn(redisUrl, queue);
    const branch = newBranch();
    const answer = participants.ask(branch.question('execute', 1));
    const jobs = bullQueue(redisUrl, queue);
    await eventually('the job is there', async () => (await jobs.getJobs()).length > 0);
    await participants.close();
    expect(doubtIn(await answer)).toMatch(/^the coordinator stops/);
    const after = await participants.ask(branch.question('execute', 1));
    expect(doubtIn(after)).toMatch(/^the coordinator stops/);
    await workerOn(redisUrl, queue, service.participant);
    const other = participantsOn(redisUrl, queue);
    expect(await other.ask(branch.question('execute', 1))).toEqual(executed);
  });

  test.each(['stop', 'hang'] as const)('does so too where Redis is gone (%s)', async (how) => {
    const redis = await ownRedis();
    const participants = participantsOn(redis.url, newQueue());
    const answer = participants.ask(newBranch().question('execute', 1));
    await eventually('the job is there', async () => (await clientOf(redis.url).dbsize()) > 0);
    await redis[how]();
    await expect(participants.close()).resolves.toBeUndefined();
    expect((await answer).type).toBe('in-doubt');
  });
});
