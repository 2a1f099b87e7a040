// Participants behind queues for these tests: a coordinator's end, a worker's end, and a question.
import { randomUUID } from 'node:crypto';
import type { Answer, Question } from '@concordat/engine';
import type { Participant } from '@concordat/participant-sdk';
import type { QueueWorker, QueueWorkerOptions } from '@concordat/participant-sdk/bullmq';
import { queueWorker } from '@concordat/participant-sdk/bullmq';
import { Directory, parseRegistry, QueueParticipants, UrlAllowList } from '@concordat/participants';
import type { Json, Operation } from '@concordat/protocols';
import { asBranchId, asGtid } from '@concordat/wire';
import { createRedisBackend, withBackend } from 'bullmq';
import { onTestFinished } from 'vitest';
import { clientOf } from '../support/redis-server.js';
import { question } from './support.js';

const { Queue, Worker } = withBackend(createRedisBackend);
export type BullQueue = InstanceType<typeof Queue>;

/** The coordinator's end, of which `mail` is registered as `queue`; closed with the test. */
export function participantsOn(
  redisUrl: string,
  queue: string,
): QueueParticipants & { readonly troubles: readonly string[] } {
  const troubles: string[] = [];
  const registry = parseRegistry({ mail: { queue }, bank: { url: 'http://127.0.0.1:1' } }, {});
  const participants = new QueueParticipants(new Directory(registry, UrlAllowList.of([])), {
    redisUrl,
    onTrouble: (where, error) => troubles.push(`${where}: ${String(error)}`),
    randomHex: (bytes) => 'ab'.repeat(bytes),
  });
  onTestFinished(() => participants.close());
  return Object.assign(participants, { troubles });
}

/** A worker that takes calls; stopped with the test. */
export async function workerOn(
  connection: string,
  queue: string,
  participant: Participant,
  options: Partial<QueueWorkerOptions> = {},
): Promise<QueueWorker & { readonly reported: readonly string[] }> {
  const reported: string[] = [];
  const report = (error: unknown): number => reported.push(String(error));
  const worker = queueWorker(participant, { queue, connection, report, ...options });
  onTestFinished(() => worker.stop(1_000));
  await worker.ready();
  return Object.assign(worker, { reported });
}

/** A worker that nobody of ours has written: it returns whatever `answer` does. */
export function strangerOn(redisUrl: string, queue: string, answer: () => unknown): void {
  const connection = clientOf(redisUrl, { maxRetriesPerRequest: null });
  const worker = new Worker(queue, async () => answer(), { connection });
  worker.on('error', () => undefined);
  onTestFinished(() => worker.close(true));
}

/** The queue itself, to look at its jobs. */
export function bullQueue(redisUrl: string, queue: string): BullQueue {
  const opened = new Queue(queue, {
    connection: clientOf(redisUrl, { maxRetriesPerRequest: null }),
  });
  opened.on('error', () => undefined);
  onTestFinished(() => opened.close());
  return opened;
}

export function newQueue(): string {
  return `queue-${randomUUID()}`;
}

/** One branch of a transaction of its own, of the participant `mail`. */
export interface Branch {
  readonly gtid: string;
  question(operation: Operation, token: number, more?: Partial<Question>): Question;
}

export function newBranch(script: Json = 'obey'): Branch {
  const gtid = asGtid(randomUUID());
  return {
    gtid,
    question: (operation, token, more = {}) =>
      question(operation, {
        gtid,
        participant: 'mail',
        payload: script,
        call: { branch: asBranchId('branch'), operation, token },
        ...more,
      }),
  };
}

export const reply = (type: string, more: object = {}): object => ({
  type: 'reply',
  reply: { type },
  ...more,
});

/** What a person is shown; empty if it is no doubt. */
export function doubtIn(answer: Answer): string {
  return answer.type === 'in-doubt' ? answer.reason : '';
}
