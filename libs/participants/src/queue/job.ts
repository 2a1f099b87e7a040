// A call as a job, and a job's return value as an answer: the second contract of docs/PROTOCOL.md
// in an envelope, so that whoever can serve a call over HTTP can serve it from a queue.
//
//   job     name: the operation   data:   { "headers": { "Concordat-Token": "3", … }, "body": {…} }
//   answer  return value                  { "status": 200, "headers": {…}, "body": "{…}" }
//
// J1. The id is made of what identifies a call, and of nothing else: to ask again is to ask about
//     the same job. `~` is in no part of it, and BullMQ does not allow `:`.
// J2. `body` of an answer is JSON text, or the JSON itself; it is read by the rules of HTTP.
// J3. An answer that lasts is the same however often the call comes. `working` and a balk do not
//     last, nor does a refusal of what is asked until it is done: their job must run once more.
import type { Question } from '@concordat/engine';
import type { Operation, TokenedCall } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';
import type { AnswerHeaders, CallBody, InDoubt, ParticipantAnswer } from '@concordat/wire';
import {
  ANSWER_BYTES_MAX,
  cleaned,
  decodeAnswer,
  encodeCallHeading,
  isJsonObject,
} from '@concordat/wire';
import type { RandomHex } from '../traceparent.js';
import { traceparentOf } from '../traceparent.js';

export interface CallJob {
  readonly id: string;
  readonly operation: Operation;
  readonly data: JobData;
}

export interface JobData {
  readonly headers: { readonly [name: string]: string };
  readonly body: CallBody;
}

/** @param question of any protocol but 3PC, whose participants must reach each other */
export function jobOf(question: Question, randomHex: RandomHex): CallJob {
  const { gtid, definition, call, payload, result, results } = question;
  const { branch, operation, token, retriable = false } = call;
  const { protocol } = definition;
  const traceparent = traceparentOf(definition.traceparent, gtid, randomHex);
  const about = { gtid, branch, operation, protocol, traceparent };
  return {
    id: [gtid, branch, operation, token].join('~'), // J1
    operation,
    data: {
      headers: encodeCallHeading({ from: 'coordinator', ...about, token, retriable }),
      body: {
        payload,
        ...(result === undefined ? {} : { result }),
        ...(results === undefined ? {} : { results }),
      },
    },
  };
}

/** @param returned what the worker has returned, as JSON text. Never throws. */
export function answerIn(operation: Operation, returned: string): ParticipantAnswer {
  if (Buffer.byteLength(returned) > ENVELOPE_BYTES_MAX) return inDoubt('is larger than 1 MiB');
  const envelope = parseJson(returned);
  if (!isJsonObject(envelope)) return inDoubt('is not an object');
  const { status, headers = {}, body = '' } = envelope;
  if (!isStatus(status)) return inDoubt('has no "status" between 200 and 599');
  if (!isJsonObject(headers)) return inDoubt('has "headers" that are no object');
  const text = typeof body === 'string' ? body : JSON.stringify(body); // J2
  if (Buffer.byteLength(text) > ANSWER_BYTES_MAX) return inDoubt('has a body larger than 1 MiB');
  return decodeAnswer(operation, status, lowerCased(headers), text);
}

/** J3. */
export function isLasting(answer: ParticipantAnswer, { retriable }: TokenedCall): boolean {
  switch (answer.type) {
    case 'reply':
      return retriable !== true || answer.reply.type !== 'refused';
    case 'stale':
      return true;
    case 'working':
    case 'balked':
    case 'in-doubt':
      return false;
    default:
      return unreachable(answer);
  }
}

/** The largest body, every byte of it escaped, and what is around it. */
const ENVELOPE_BYTES_MAX = 2 * ANSWER_BYTES_MAX + 16_384;

function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
}

function lowerCased(headers: { readonly [name: string]: unknown }): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers)
      .filter((header): header is [string, string] => typeof header[1] === 'string')
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function inDoubt(what: string): InDoubt {
  return { type: 'in-doubt', reason: cleaned(`the worker's return value ${what}`) };
}
