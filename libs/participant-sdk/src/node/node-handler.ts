// A participant behind node:http.
//
//   POST {prefix}/{operation} ─▶ answerCall ─▶ status, headers and body
//
// The coordinator and other participants (3PC) come in by this one door. For Express and Fastify
// there are `../express` and `../fastify`: the same door in their frames.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { assert } from '@concordat/protocols';
import type { Participant } from '../participant.js';
import { answerCall } from './answer-call.js';
import type { CallerCheck, CallerOptions } from './caller-check.js';
import { callerCheck } from './caller-check.js';
import type { HttpCall } from './http-call.js';
import { pathOf, readBody } from './http-call.js';

export interface NodeHandlerOptions extends CallerOptions {
  /** The path of the participant's URL, such as `/payment`; empty where it has none. */
  readonly prefix: string;
}

/** @param next is called for a path that is not below the prefix; without it that is a 404 */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: () => void,
) => void;

/** @throws {Error} if a secret is one that could be guessed, or there is none in the list */
export function nodeHandler(
  participant: Participant,
  { prefix, ...callers }: NodeHandlerOptions,
): NodeHandler {
  assert(!prefix.endsWith('/'), 'a prefix does not end with a slash');
  const check = callerCheck(callers);
  return (request, response, next) => {
    const path = pathOf(request.url);
    const isOurs = path.startsWith(`${prefix}/`);
    if (!isOurs && next !== undefined) return next();
    respond(participant, check, response, {
      method: request.method ?? '',
      path,
      operation: isOurs ? path.slice(prefix.length + 1) : '',
      headers: request.headers,
      readBody: () => readBody(request),
    });
  };
}

/** Answers `call` by itself: what cannot be answered ends the process. */
export function respond(
  participant: Participant,
  check: CallerCheck,
  response: ServerResponse,
  call: HttpCall,
): void {
  const answering = answerCall(participant, check, call).then((answer) => {
    if (answer !== undefined) response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  answering.catch((error: unknown) => {
    response.destroy();
    letNobodyGoOn(error);
  });
}

/** The program is wrong: let nobody go on with it. */
export function letNobodyGoOn(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
