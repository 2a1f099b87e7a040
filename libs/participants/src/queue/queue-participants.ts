// Participants that take their calls from a BullMQ queue: an operation is a job, what the worker
// returns is the answer.
//
//   ask ─▶ which queue ─▶ job, with an id of its own ─▶ Redis ─▶ worker, any
//                │                                        │
//                └◀─ decode ◀── look at the job ◀─ event ─┘
//
//   the job          what is done
//   is missing       add it: it was never there, or Redis has lost it
//   is unfinished    wait, and look again
//   has completed    its return value is the answer
//   has failed       in doubt
//
// Q1. `ask` never rejects and ends within `timeoutMs`. Every way of not getting an answer is in
//     doubt, with its reason.
// Q2. To ask again is to look at the same job. One that was at an end before we asked is the answer
//     if that lasts; else the job is made anew: BullMQ would count its former failures.
// Q3. A job may run twice, or a second time after its answer was lost: with it runs the barrier of
//     the participant, which repeats the answer. So nothing in Redis has to last.
// Q4. 3PC is not spoken: its participants must reach each other, and a queue has no URL.
// Q5. A job that is in no list is a remnant: no worker will ever take it, and BullMQ adds none
//     beside it.
import { randomBytes } from 'node:crypto';
import type { Answer, Participants, Probed, Probes, Question } from '@concordat/engine';
import { unreachable } from '@concordat/protocols';
import { cleaned } from '@concordat/wire';
import type { Directory } from '../directory.js';
import { unasked } from '../probed.js';
import type { RandomHex } from '../traceparent.js';
import type { CallJob } from './job.js';
import { answerIn, isLasting, jobOf } from './job.js';
import type { JobQueue } from './job-queues.js';
import { JobQueues, stateText, textOf } from './job-queues.js';

export interface QueueParticipantsOptions {
  /** There need not be a Redis yet. */
  readonly redisUrl: string;
  /** Of the keys of BullMQ; `bull` if not given, as for BullMQ. Workers must use the same. */
  readonly prefix?: string;
  /** Hears of what goes wrong with Redis, but not at every attempt to connect again. */
  readonly onTrouble?: (where: string, error: unknown) => void;
  readonly randomHex?: RandomHex;
}

/**
 * How long we wait for news of a job before we look at it ourselves; twice as long after each look.
 * At first nobody may be listening yet.
 */
const FIRST_LOOK_MS = 25;
const LOOK_PERIOD_MS_MAX = 1_000;

export class QueueParticipants implements Participants, Probes {
  private readonly queues: JobQueues;
  private readonly closing = new AbortController();
  private readonly randomHex: RandomHex;

  constructor(
    private readonly directory: Directory,
    { redisUrl, prefix, onTrouble = () => {}, randomHex }: QueueParticipantsOptions,
  ) {
    const keys = prefix === undefined ? {} : { prefix };
    this.queues = new JobQueues({ redisUrl, onTrouble, ...keys });
    this.randomHex = randomHex ?? ((bytes) => randomBytes(bytes).toString('hex'));
  }

  async ask(question: Question): Promise<Answer> {
    const found = this.directory.find(question.participant);
    if (!found.ok) return inDoubt(found.reason);
    const { registration } = found;
    if (registration.kind !== 'queue') return inDoubt('it is not behind a queue');
    if (question.definition.protocol === '3pc') return inDoubt('3PC cannot be spoken over a queue');
    const asking = new Asking(question, this.closing.signal);
    try {
      return await Promise.race([asking.timeUp, this.answerTo(asking, registration.queue)]);
    } catch (error) {
      return inDoubt(`Redis: ${textOf(error)}`); // Q1
    } finally {
      asking.end();
    }
  }

  /** A look is no job: whoever takes jobs is told to do something. */
  probe(): Promise<Probed> {
    return Promise.resolve(unasked('it is behind a queue, which takes no questions'));
  }

  /** Ends every call that is under way: it is in doubt. Its job stays, and is asked about again. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.queues.close();
  }

  private async answerTo(asking: Asking, name: string): Promise<Answer> {
    const trouble = await this.queues.reach();
    if (asking.signal.aborted) return asking.timeUp;
    if (trouble !== undefined) return inDoubt(`Redis cannot be reached: ${trouble}`);
    const queue = this.queues.queue(name);
    const job = jobOf(asking.question, this.randomHex);
    const news = queue.news(job.id, FIRST_LOOK_MS, asking.signal); // before we look: none is missed
    const known = await settledBefore(queue, job, asking.question);
    if (known !== undefined) return known;
    await news;
    return awaited(queue, job, asking);
  }
}

/** Q2. @returns the answer that is there; undefined if there is a job now that has to run */
async function settledBefore(
  queue: JobQueue,
  job: CallJob,
  { call }: Question,
): Promise<Answer | undefined> {
  const seen = await queue.look(job.id);
  switch (seen.type) {
    case 'unfinished':
      return undefined;
    case 'missing':
      await queue.add(job);
      return undefined;
    case 'completed': {
      const answer = answerIn(job.operation, seen.returned);
      if (isLasting(answer, call)) return answer;
      break;
    }
    case 'failed':
      break;
    default:
      return unreachable(seen);
  }
  await renew(queue, job);
  return undefined;
}

/** Looks at the job until it has ended, which it does after we have asked. */
async function awaited(queue: JobQueue, job: CallJob, asking: Asking): Promise<Answer> {
  const { signal } = asking;
  for (let periodMs = 2 * FIRST_LOOK_MS; !signal.aborted; periodMs *= 2) {
    const news = queue.news(job.id, Math.min(periodMs, LOOK_PERIOD_MS_MAX), signal);
    const seen = await queue.look(job.id);
    switch (seen.type) {
      case 'completed':
        return answerIn(job.operation, seen.returned);
      case 'failed':
        return inDoubt(`the job has failed: ${seen.reason}`);
      case 'missing':
        await queue.add(job); // Q3
        break;
      case 'unfinished': {
        const state = await queue.stateOf(job.id);
        asking.state = stateText(state);
        if (state === 'unknown') await renew(queue, job); // Q5
        break;
      }
      default:
        return unreachable(seen);
    }
    await news;
  }
  return asking.timeUp;
}

async function renew(queue: JobQueue, job: CallJob): Promise<void> {
  await queue.remove(job.id);
  await queue.add(job);
}

/** One call that is under way, and when it must be over. */
class Asking {
  /** What is known of the job, for people. */
  state = 'nothing is known of the job';
  readonly timeUp: Promise<Answer>;
  readonly signal: AbortSignal;
  private readonly over = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(
    readonly question: Question,
    private readonly closing: AbortSignal,
  ) {
    const { timeoutMs } = question;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.timeUp = promise;
    this.signal = this.over.signal;
    this.signal.addEventListener('abort', () => {
      const why = closing.aborted ? 'the coordinator stops' : `no answer within ${timeoutMs} ms`;
      resolve(inDoubt(`${why}: ${this.state}`));
    });
    this.timer = setTimeout(this.end, timeoutMs);
    closing.addEventListener('abort', this.end);
    if (closing.aborted) this.end();
  }

  readonly end = (): void => {
    clearTimeout(this.timer);
    this.closing.removeEventListener('abort', this.end);
    this.over.abort();
  };
}

function inDoubt(reason: string): Answer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}
