// The queues of participants in one Redis: one connection to send on, one for each to listen on.
//
// R1. Nothing is kept for a Redis that is not there: a command fails at once, or soon. It would
//     only arrive when nobody waits for its answer any more.
// R2. A Redis that hangs is hung up on. Otherwise commands would pile up behind the one that hangs.
// R3. What Redis keeps is bounded: how many jobs that have ended, for how long, how many events.
//     An answer that was dropped before it was read is asked for again, and repeated. Jobs that no
//     worker takes are bounded by nothing but the calls that there are: one for each.
// R4. An event is a hint: "look at this job now". Whoever waits looks by himself from time to time.
import { setTimeout as delay } from 'node:timers/promises';
import { unreachable } from '@concordat/protocols';
import { createRedisBackend, withBackend } from 'bullmq';
import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import { Bell } from './bell.js';
import type { CallJob, JobData } from './job.js';

const CONNECT_TIMEOUT_MS = 3_000;
const COMMAND_TIMEOUT_MS = 2_000;
const SOCKET_TIMEOUT_MS = 5_000; // R2
const DISCONNECT_TIMEOUT_MS = 500;
const RESTART_DELAY_MS = 1_000;
/** R3. Jobs that have ended: as many, and none that ended longer ago, once another one ends. */
const ENDED_JOBS_MAX = 10_000;
const ENDED_JOBS_AGE_S = 3_600;
/** An event repeats the return value of its job. */
const EVENTS_MAX = 1_000;

const { Queue, QueueEvents } = withBackend(createRedisBackend);

type JobState = Awaited<ReturnType<JobQueue['stateOf']>>;

/** What is known of a job. */
export type Look =
  | { readonly type: 'missing' | 'unfinished' }
  /** `returned`: what the worker has returned, as JSON text. */
  | { readonly type: 'completed'; readonly returned: string }
  | { readonly type: 'failed'; readonly reason: string };

export interface JobQueuesOptions {
  readonly redisUrl: string;
  /** Of the keys of BullMQ; `bull` if not given, as for BullMQ. */
  readonly prefix?: string;
  readonly onTrouble: (where: string, error: unknown) => void;
}

export class JobQueues {
  private readonly connections: Redis[] = [];
  private readonly producer: Redis;
  private readonly listener: Redis;
  /** There is a first connection, or there is none. */
  private readonly firstNews: Promise<void>;
  private readonly queues = new Map<string, JobQueue>();
  /** Errors of connections, which BullMQ reports a second time. */
  private readonly told = new WeakSet<Error>();
  /** Why there is no connection; undefined while there is one, or might be one soon. */
  private trouble: string | undefined;

  constructor(private readonly options: JobQueuesOptions) {
    this.producer = this.connect({
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false, // R1
      autoResendUnfulfilledCommands: false,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
    });
    this.producer.on('ready', () => (this.trouble = undefined));
    this.producer.on('close', () => this.onLost(this.trouble ?? 'the connection was closed'));
    this.firstNews = new Promise((resolve) => {
      for (const event of ['ready', 'close']) this.producer.once(event, () => resolve());
    });
    // Never connects: BullMQ makes a copy for each queue to block on.
    this.listener = this.connect({ maxRetriesPerRequest: null, lazyConnect: true });
  }

  /** @returns why there is no Redis to talk to; undefined if there is one */
  async reach(): Promise<string | undefined> {
    await this.firstNews;
    return this.producer.status === 'ready' ? undefined : (this.trouble ?? 'no connection');
  }

  /** Only when Redis has been reached. */
  queue(name: string): JobQueue {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const { producer, listener, options } = this;
    const { prefix = 'bull' } = options;
    const queue = new JobQueue(name, prefix, { producer, listener }, (error) => {
      if (!this.told.has(error)) options.onTrouble('participant queue', error);
    });
    this.queues.set(name, queue);
    return queue;
  }

  /** Resolves when every connection is let go of, whether or not Redis is there. */
  async close(): Promise<void> {
    for (const queue of this.queues.values()) queue.close();
    const ended = this.connections.map((connection) => disconnected(connection));
    await Promise.race([Promise.all(ended), delay(2 * DISCONNECT_TIMEOUT_MS)]);
  }

  private connect(options: RedisOptions): Redis {
    const kept = (connection: Redis): void => {
      connection.on('error', (error: Error) => {
        this.told.add(error);
        this.onLost(error);
      });
      this.connections.push(connection);
    };
    return new KeptRedis(this.options.redisUrl, kept, options);
  }

  /** Told of once, and not at every attempt to connect again. */
  private onLost(error: unknown): void {
    if (this.trouble === undefined) this.options.onTrouble('participant queues', error);
    if (this.producer.status !== 'ready') this.trouble = textOf(error);
  }
}

/** The jobs of one queue, whoever works on them. */
export class JobQueue {
  private readonly bell = new Bell();
  private readonly queue: InstanceType<typeof Queue<JobData>>;
  private readonly events: InstanceType<typeof QueueEvents>;
  private isClosed = false;

  constructor(
    name: string,
    prefix: string,
    ends: { readonly producer: Redis; readonly listener: Redis },
    private readonly onTrouble: (error: Error) => void,
  ) {
    const keys = { prefix, skipVersionCheck: true };
    this.queue = new Queue<JobData>(name, {
      ...keys,
      connection: ends.producer,
      streams: { events: { maxLen: EVENTS_MAX } },
    });
    this.events = new QueueEvents(name, { ...keys, connection: ends.listener, autorun: false });
    this.queue.on('error', (error) => this.report(error));
    this.events.on('error', (error) => this.report(error));
    this.events.on('completed', ({ jobId }) => this.bell.ring(jobId));
    this.events.on('failed', ({ jobId }) => this.bell.ring(jobId));
    this.listen().catch((error: unknown) => this.report(error));
  }

  /** Does nothing if there is a job with its id, in whatever state. */
  async add({ id, operation, data }: CallJob): Promise<void> {
    const kept = { age: ENDED_JOBS_AGE_S, count: ENDED_JOBS_MAX }; // R3
    const ending = { removeOnComplete: kept, removeOnFail: kept, stackTraceLimit: 0 };
    await this.queue.add(operation, data, { jobId: id, ...ending });
  }

  async look(id: string): Promise<Look> {
    const finished = await this.queue.getBackend().isFinished(id, true);
    const [status, value] = typeof finished === 'number' ? [finished, ''] : finished;
    if (status === 1) return { type: 'completed', returned: value };
    if (status === 2) return { type: 'failed', reason: value };
    return { type: status === 0 ? 'unfinished' : 'missing' };
  }

  /** For people. */
  stateOf(id: string): ReturnType<InstanceType<typeof Queue>['getJobState']> {
    return this.queue.getJobState(id);
  }

  /** Does nothing if a worker is at it. */
  async remove(id: string): Promise<void> {
    await this.queue.remove(id);
  }

  /** Resolves when there may be news of a job, and after `periodMs` at the latest (R4). */
  news(id: string, periodMs: number, signal: AbortSignal): Promise<void> {
    return this.bell.wait(id, periodMs, signal);
  }

  /** Its connections are not its own: whoever gave them cuts them. */
  close(): void {
    this.isClosed = true;
    for (const end of [this.queue, this.events]) {
      end.close().catch((error: unknown) => this.report(error));
    }
  }

  /** BullMQ stops listening at the first event that it cannot read, and anybody can write one. */
  private async listen(): Promise<void> {
    while (!this.isClosed) {
      try {
        await this.events.run();
      } catch (error) {
        this.report(error);
        await delay(RESTART_DELAY_MS);
      }
    }
  }

  private report(error: unknown): void {
    if (!this.isClosed) this.onTrouble(error instanceof Error ? error : new Error(String(error)));
  }
}

/** What becomes of a job that has not ended, in words. */
export function stateText(state: JobState): string {
  switch (state) {
    case 'active':
      return 'a worker is at it';
    case 'waiting':
    case 'prioritized':
    case 'delayed':
    case 'waiting-children':
      return 'no worker has taken it';
    case 'completed':
    case 'failed':
      return `it has ${state}`;
    case 'unknown':
      return 'it is lost';
    default:
      return unreachable(state);
  }
}

/** Also hands over the copies that are made of it, which connect at once. */
class KeptRedis extends Redis {
  constructor(
    url: string,
    private readonly kept: (connection: Redis) => void,
    options: RedisOptions,
  ) {
    super(url, {
      ...options,
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    });
    kept(this);
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate({ ...override, lazyConnect: false });
    this.kept(copy);
    return copy;
  }
}

function disconnected(connection: Redis): Promise<void> {
  const isIdle = connection.status === 'wait' || connection.status === 'end';
  const ended = new Promise<void>((resolve) => connection.once('end', () => resolve()));
  connection.disconnect();
  return isIdle ? Promise.resolve() : ended;
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) return error.errors.map(textOf).join('; ');
  return error.message || error.name;
}
