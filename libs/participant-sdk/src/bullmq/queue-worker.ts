// A participant behind a BullMQ queue: a job is a call, what is returned is the answer.
//
//   const worker = queueWorker(mail, { queue: 'mail', connection: process.env.REDIS_URL });
//   …
//   await worker.stop(); // before you close the pool that its barrier uses
//
//   job ─▶ parse ─▶ participant.answer ─┬─▶ { status, headers, body }: the job has completed
//                      │                └─▶ in doubt: the job has failed, and says why
//                      └ its barrier
//
// W1. A job may run twice: its worker was killed, or held up for so long that its lock was lost,
//     and another one has taken it; Redis has forgotten that it has ended; it was added again. The
//     barrier makes all of that harmless, and therefore locks are short and stalls are looked for
//     often: BullMQ's own half a minute would leave a transaction waiting for it.
// W2. Nobody is asked twice by BullMQ: whether, when and how often a call comes again is the
//     coordinator's business.
// W3. Stopping takes no longer than it is given. What is still at work then is for another worker.
// W4. Whoever can reach Redis can call. Keep it from others, by a password and by the network: a
//     queue knows no signatures.
import { setTimeout as delay } from 'node:timers/promises';
import { InvariantViolation } from '@concordat/protocols';
import type { EncodedAnswer } from '@concordat/wire';
import { encodeAnswer } from '@concordat/wire';
import type { Job } from 'bullmq';
import { createRedisBackend, UnrecoverableError, withBackend } from 'bullmq';
import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import type { Participant } from '../participant.js';
import { callOfJob } from './call-of-job.js';

export interface QueueWorkerOptions {
  /** Its name, as the coordinator has it registered: `{ "mail": { "queue": "mail" } }`. */
  readonly queue: string;
  /** A URL, or the options of ioredis. Two connections are made of it. */
  readonly connection: string | RedisOptions;
  /** Of the keys of BullMQ; `bull` if not given. Must be the coordinator's. */
  readonly prefix?: string;
  /** How many calls are at work at once; 16 if not given. */
  readonly concurrencyMax?: number;
  /** How long after the death of a worker its jobs may be taken by others; 10 s if not given. */
  readonly lockMs?: number;
  /** How often such jobs are looked for; 5 s if not given. */
  readonly stalledPeriodMs?: number;
  /** Hears of jobs that are no calls, and of trouble with Redis. */
  report?(error: unknown): void;
}

export interface QueueWorker {
  /** Resolves when calls are taken, however long Redis is in coming. */
  ready(): Promise<void>;
  /** Takes no more calls, and waits for those at work, but no longer than `graceMs` (W3). */
  stop(graceMs?: number): Promise<void>;
}

const CONCURRENCY_MAX_DEFAULT = 16;
const LOCK_MS_DEFAULT = 10_000;
const STALLED_PERIOD_MS_DEFAULT = 5_000;
const STOP_GRACE_MS_DEFAULT = 10_000;
const RETRY_DELAY_MS = 1_000;
/** A connection that hangs while Redis starts is given up, and made anew. */
const CONNECT_TIMEOUT_MS = 3_000;
const DISCONNECT_TIMEOUT_MS = 500;
/** A job that kills every worker that takes it is left alone for a while: it has failed. */
const STALLS_MAX = 3;

const { Worker } = withBackend(createRedisBackend);

/** Starts at once. There need not be a Redis yet. */
export function queueWorker(participant: Participant, options: QueueWorkerOptions): QueueWorker {
  const report = (error: unknown): void => options.report?.(error);
  const connections = new Connections(options.connection);
  const worker = new Worker<unknown, EncodedAnswer>(
    options.queue,
    (job) => answerTo(participant, job),
    {
      connection: connections.first,
      ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
      concurrency: options.concurrencyMax ?? CONCURRENCY_MAX_DEFAULT,
      lockDuration: options.lockMs ?? LOCK_MS_DEFAULT,
      stalledInterval: options.stalledPeriodMs ?? STALLED_PERIOD_MS_DEFAULT,
      maxStalledCount: STALLS_MAX,
      runRetryDelay: RETRY_DELAY_MS,
      // BullMQ asks once, and is broken for good if the connection breaks before the answer.
      skipVersionCheck: true,
    },
  );
  worker.on('error', report);
  worker.on('failed', (_job, error) => report(error));
  return {
    ready: async () => {
      await worker.waitUntilReady();
    },
    stop: async (graceMs = STOP_GRACE_MS_DEFAULT) => {
      const over = new AbortController();
      const grace = delay(graceMs, undefined, { signal: over.signal }).catch(() => {});
      await Promise.race([worker.close().catch(report), grace]);
      over.abort();
      connections.cut();
    },
  };
}

/** @throws to say that the job has failed: nothing that it did is known, nobody is answered */
async function answerTo(participant: Participant, job: Job<unknown>): Promise<EncodedAnswer> {
  try {
    const call = callOfJob(participant, job.data);
    const answer = await participant.answer(call);
    if (answer.type === 'in-doubt') throw new UnrecoverableError(answer.reason); // W2
    return encodeAnswer(call.operation, answer);
  } catch (error) {
    if (error instanceof InvariantViolation) {
      setImmediate(() => {
        throw error;
      }); // the program is wrong: let nobody go on with it
    }
    throw error;
  }
}

/** Those of a worker: the one that it is given, and the copy that BullMQ makes to block on. */
class Connections {
  readonly first: Redis;
  private readonly all: Redis[] = [];

  constructor(connection: string | RedisOptions) {
    const manners = { maxRetriesPerRequest: null, disconnectTimeout: DISCONNECT_TIMEOUT_MS };
    const given = typeof connection === 'string' ? optionsIn(connection) : connection;
    this.first = new KeptRedis((made) => this.keep(made), {
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...given,
      ...manners,
    });
  }

  cut(): void {
    for (const connection of this.all) connection.disconnect();
  }

  private keep(connection: Redis): void {
    // BullMQ listens and reports, but not to the end; without a listener ioredis would print.
    connection.on('error', () => {});
    this.all.push(connection);
  }
}

/** Also hands over the copies that are made of it. */
class KeptRedis extends Redis {
  constructor(
    private readonly kept: (connection: Redis) => void,
    options: RedisOptions,
  ) {
    super(options);
    kept(this);
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate(override);
    this.kept(copy);
    return copy;
  }
}

/** As ioredis reads a URL. */
function optionsIn(url: string): RedisOptions {
  const { connectTimeout: _, ...options } = new Redis(url, { lazyConnect: true }).options;
  return { ...options, lazyConnect: false };
}
