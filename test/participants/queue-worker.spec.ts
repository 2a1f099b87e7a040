// What becomes of the calls of a worker that is killed, is stopped, or loses its Redis.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { keep } from '../../scripts/lib/keeper.mjs';
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

const PROGRAM = path.resolve('test/participants/queue-worker-process.ts');
const redisUrl = inject('redisUrl');
const { databaseUrl, pool } = await serviceDatabase();
await createEffects(pool);
const service = scripted(pool);
const executed = reply('done', { result: { by: 'execute', token: 1 } });
const prompt = { lockMs: 1_000, stalledPeriodMs: 500 };

describe('a worker that is killed in the middle of a call', () => {
  test('is followed by another, and the call has had its effect once', async () => {
    const queue = newQueue();
    const participants = participantsOn(redisUrl, queue);
    const branch = newBranch();
    const victim = await spawnWorker(queue);
    const lost = participants.ask(branch.question('execute', 1, { timeoutMs: 3_000 }));
    await victim.says('at work');
    victim.child.kill('SIGKILL');
    expect(await once(victim.child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(doubtIn(await lost)).toBe('no answer within 3000 ms: a worker is at it');
    expect(await effectsOf(pool, branch.gtid)).toEqual([]);
    await workerOn(redisUrl, queue, service.participant, prompt);
    const again = participants.ask(branch.question('execute', 1, { timeoutMs: 20_000 }));
    expect(await again).toEqual(executed);
    expect(await effectsOf(pool, branch.gtid)).toEqual(['execute']);
    const jobs = await bullQueue(redisUrl, queue).getJobs(['completed']);
    expect(jobs.map(({ stalledCounter }) => stalledCounter)).toEqual([1]); // the very same job
  });
});

describe('a worker that is stopped', () => {
  test('ends what it is at, and takes nothing more', async () => {
    const queue = newQueue();
    const worker = await workerOn(redisUrl, queue, service.participant, { concurrencyMax: 1 });
    const participants = participantsOn(redisUrl, queue);
    service.door = latch();
    const [first, second] = [newBranch('wait'), newBranch()];
    const answer = participants.ask(first.question('execute', 1));
    await service.door.reached;
    const waiting = participants.ask(second.question('execute', 1, { timeoutMs: 500 }));
    const stopped = worker.stop();
    service.door.open();
    await stopped;
    expect(await answer).toEqual(executed);
    expect(doubtIn(await waiting)).toBe('no answer within 500 ms: no worker has taken it');
    expect(await effectsOf(pool, second.gtid)).toEqual([]);
  });

  test('and is given no time, leaves what it is at to another', async () => {
    const queue = newQueue();
    const worker = await workerOn(redisUrl, queue, service.participant, prompt);
    const participants = participantsOn(redisUrl, queue);
    const door = latch();
    service.door = door;
    const branch = newBranch('wait');
    const answer = participants.ask(branch.question('execute', 1, { timeoutMs: 20_000 }));
    await door.reached;
    await worker.stop(0);
    service.door = undefined; // who comes next does not wait
    const other = scripted(pool, 10_000);
    await workerOn(redisUrl, queue, other.participant, prompt);
    await eventually('the other one is at it', async () => {
      const { rows } = await pool.query(
        `select from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    door.open(); // the first one ends its work, which nobody hears of
    expect(await answer).toEqual(executed);
    expect(await effectsOf(pool, branch.gtid)).toEqual(['execute']);
  });

  test.each(['stop', 'hang'] as const)('stops too where Redis is gone (%s)', async (how) => {
    const redis = await ownRedis();
    const worker = await workerOn(redis.url, newQueue(), service.participant);
    await redis[how]();
    await expect(worker.stop(500)).resolves.toBeUndefined();
  });
});

describe('a worker whose Redis', () => {
  test('is not there yet, waits for it', async () => {
    const redis = await ownRedis();
    await redis.stop();
    const queue = newQueue();
    const ready = workerOn(redis.url, queue, service.participant);
    await redis.start();
    await ready;
    const participants = participantsOn(redis.url, queue);
    expect(await participants.ask(newBranch().question('execute', 1))).toEqual(executed);
  });

  test('was stopped and started, takes calls again, and has lost none', async () => {
    const redis = await ownRedis();
    const queue = newQueue();
    const participants = participantsOn(redis.url, queue);
    const branch = newBranch();
    await participants.ask(branch.question('execute', 1, { timeoutMs: 200 }));
    const worker = await workerOn(redis.url, newQueue(), service.participant);
    await redis.stop();
    await eventually('the worker has noticed', () => worker.reported.length > 0);
    await redis.start();
    await workerOn(redis.url, queue, service.participant);
    const left = bullQueue(redis.url, queue);
    await eventually('the job that was left is done', async () => {
      const jobs = await left.getJobs(['completed']);
      return jobs.length === 1;
    });
    expect(await effectsOf(pool, branch.gtid)).toEqual(['execute']);
  });

  test("has another prefix, is the coordinator's only if that has it too", async () => {
    const queue = newQueue();
    await workerOn(redisUrl, queue, service.participant, { prefix: 'elsewhere' });
    const answer = await participantsOn(redisUrl, queue).ask(
      newBranch().question('execute', 1, { timeoutMs: 300 }),
    );
    expect(doubtIn(answer)).toBe('no answer within 300 ms: no worker has taken it');
    expect(await clientOf(redisUrl).exists(`elsewhere:${queue}:stalled-check`)).toBe(1);
  });
});

interface Spawned {
  readonly child: ChildProcess;
  says(line: string): Promise<unknown>;
}

/** A worker process that is ready. */
async function spawnWorker(queue: string): Promise<Spawned> {
  const env = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, QUEUE: queue };
  const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  keep(child);
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const says = (line: string) =>
    eventually(`the worker says ${line}`, () => printed.split('\n').includes(line));
  await says('ready');
  return { child, says };
}
