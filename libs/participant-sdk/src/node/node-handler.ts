// A participant behind node:http, and so behind Express and Connect, which pass the same objects.
//
//   POST {prefix}/{operation} ─▶ heading ─▶ body ─▶ participant.answer ─▶ status and body
//
// The coordinator and other participants (3PC) come in by this one door.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { assert } from '@concordat/protocols';
import type { CallBody, CallHeading, Parsed } from '@concordat/wire';
import {
  encodeAnswer,
  fieldError,
  malformed,
  operationsOf,
  parseCallBody,
  parseCallHeading,
} from '@concordat/wire';
import type { Participant } from '../participant.js';
import { BODY_BYTES_MAX, readJson } from './json-over-http.js';
import { sendProblem } from './problems.js';

export interface NodeHandlerOptions {
  /** The path of the participant's URL, such as `/payment`; empty where it has none. */
  readonly prefix: string;
}

/** @param next is called for a path that is not below the prefix; without it that is a 404 */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: () => void,
) => void;

export function nodeHandler(participant: Participant, { prefix }: NodeHandlerOptions): NodeHandler {
  assert(!prefix.endsWith('/'), 'a prefix does not end with a slash');
  return (request, response, next) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const isOurs = path.startsWith(`${prefix}/`);
    if (!isOurs && next !== undefined) return next();
    const operation = isOurs ? path.slice(prefix.length + 1) : '';
    respond(participant, operation, request, response).catch((error: unknown) => {
      response.destroy();
      setImmediate(() => {
        throw error;
      }); // the program is wrong: let nobody go on with it
    });
  };
}

async function respond(
  participant: Participant,
  operation: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const spoken: ReadonlySet<string> = participant.operations;
  if (!spoken.has(operation)) {
    return sendProblem(response, 'not-found', `This participant knows no operation ${operation}`);
  }
  if (request.method !== 'POST') {
    return sendProblem(response, 'method-not-allowed', 'Operations are called by POST');
  }
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return sendProblem(response, 'unsupported-media-type', 'Content-Type must be application/json');
  }
  const heading = headingOf(request, operation);
  if (!heading.ok) {
    return sendProblem(response, 'malformed-call', 'The headers are wrong', heading.errors);
  }
  const body = await bodyOf(request, response);
  if (body === undefined) return undefined;
  const answer = await participant.answer({ ...heading.value, ...body });
  const { status, headers, body: text } = encodeAnswer(heading.value.operation, answer);
  response.writeHead(status, headers).end(text);
}

/** The heading, if it is about the operation that the URL names. */
function headingOf(request: IncomingMessage, operation: string): Parsed<CallHeading> {
  const heading = parseCallHeading(request.headers);
  if (!heading.ok) return heading;
  const { value } = heading;
  if (value.operation !== operation) {
    return malformed([
      fieldError(['concordat-operation'], `must be ${operation}, as the URL says`),
    ]);
  }
  if (value.from === 'coordinator' && !operationsOf[value.protocol].includes(value.operation)) {
    return malformed([fieldError(['concordat-protocol'], `has no operation ${operation}`)]);
  }
  return heading;
}

/** @returns undefined if there is none to go on with; a problem has been sent then */
async function bodyOf(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<CallBody | undefined> {
  const read = await readJson(request);
  switch (read.type) {
    case 'gone':
      return undefined;
    case 'too-large':
      sendProblem(response, 'body-too-large', `A body has at most ${BODY_BYTES_MAX} bytes`);
      return undefined;
    case 'not-json':
      sendProblem(response, 'malformed-call', 'The body is not JSON');
      return undefined;
    case 'json': {
      const body = parseCallBody(read.value);
      if (body.ok) return body.value;
      sendProblem(response, 'malformed-call', 'The body is wrong', body.errors);
      return undefined;
    }
  }
}
