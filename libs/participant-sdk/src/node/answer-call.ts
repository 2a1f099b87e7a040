// A call that has come over HTTP, and what is answered: the one core of node:http, Express and
// Fastify, which differ in how they hand over a request and take an answer.
//
//   operation, method, media type ─▶ claim ─▶ heading ─▶ body ─▶ signature ─▶ participant
//           404, 405, 415             401       400    413, 400     401        its answer
//
//   `inspect` goes the same way, is signed like any call, and does nothing.
//
// W1. Nothing of this is a vote, and nothing a 5xx: what is wrong with a call is a problem, said
//     before any participant hears of it.
// W2. A signature is looked at twice. Who bears none, or an old one, is refused before his body is
//     read; and what the body says is not looked at before it is known who says it.
// W3. Why a signature is not good is told in the same words for every secret and every difference.
import type { CallBody, CallHeading, Parsed } from '@concordat/wire';
import {
  encodeAnswer,
  fieldError,
  INSPECT,
  malformed,
  operationsOf,
  parseCallBody,
  parseCallHeading,
  parseInspectionHeading,
} from '@concordat/wire';
import type { Participant } from '../participant.js';
import type { CallerCheck } from './caller-check.js';
import type { HttpAnswer, HttpCall, ReadBody } from './http-call.js';
import { parseJson } from './json-over-http.js';
import { HttpProblem } from './problems.js';

/**
 * @returns undefined if nobody is there any more to be answered
 * @throws {InvariantViolation} if the program is wrong
 */
export async function answerCall(
  participant: Participant,
  check: CallerCheck,
  call: HttpCall,
): Promise<HttpAnswer | undefined> {
  try {
    if (call.operation === INSPECT) return await answerInspection(participant, check, call);
    const told = await callIn(participant, check, call, headingOf);
    if (told === undefined) return undefined;
    const answer = await participant.answer({ ...told.heading, ...told.body });
    const { status, headers, body } = encodeAnswer(told.heading.operation, answer);
    return withLength({ status, headers, body });
  } catch (error) {
    if (error instanceof HttpProblem) return withLength(error.answer());
    throw error;
  }
}

/** @throws {HttpProblem} W1 */
async function answerInspection(
  participant: Participant,
  check: CallerCheck,
  call: HttpCall,
): Promise<HttpAnswer | undefined> {
  const told = await callIn(participant, check, call, ({ headers }) =>
    parseInspectionHeading(headers),
  );
  if (told === undefined || participant.inspect === undefined) return undefined;
  const body = JSON.stringify(await participant.inspect(told.heading));
  return withLength({ status: 200, headers: { 'Content-Type': 'application/json' }, body });
}

interface Told<Heading> {
  readonly heading: Heading;
  readonly body: CallBody;
}

/** @throws {HttpProblem} W1 */
async function callIn<Heading>(
  participant: Participant,
  check: CallerCheck,
  call: HttpCall,
  parse: (call: HttpCall) => Parsed<Heading>,
): Promise<Told<Heading> | undefined> {
  requireRoute(participant, call);
  const claim = check.claimOf(call); // W2
  const heading = wellFormed(parse(call), 'The headers are wrong');
  const read = await call.readBody();
  if (read.type === 'gone') return undefined;
  if (read.type === 'too-large') {
    throw new HttpProblem('body-too-large', `A body has at most ${read.bytesMax} bytes`);
  }
  check.requireSigned(call, claim, read);
  const body = wellFormed(parseCallBody(jsonOf(read)), 'The body is wrong');
  return { heading, body };
}

function requireRoute(participant: Participant, call: HttpCall): void {
  const { operation, method, headers } = call;
  const spoken: ReadonlySet<string> = participant.operations;
  const isInspection = operation === INSPECT && participant.inspect !== undefined;
  if (!isInspection && !spoken.has(operation))
    throw new HttpProblem('not-found', unspoken(spoken, call));
  if (method !== 'POST') {
    throw new HttpProblem('method-not-allowed', 'Operations are called by POST');
  }
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new HttpProblem('unsupported-media-type', 'Content-Type must be application/json');
  }
}

function unspoken(spoken: ReadonlySet<string>, { operation, path }: HttpCall): string {
  if (operation === '') return `No participant has its operations at ${path}: check its URL`;
  return `This participant knows no operation ${operation}; it knows ${[...spoken].join(', ')}`;
}

/** The heading, if it is about the operation that the URL names. */
function headingOf({ headers, operation }: HttpCall): Parsed<CallHeading> {
  const heading = parseCallHeading(headers);
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

function wellFormed<Value>(parsed: Parsed<Value>, detail: string): Value {
  if (parsed.ok) return parsed.value;
  throw new HttpProblem('malformed-call', detail, parsed.errors);
}

function jsonOf(read: Extract<ReadBody, { type: 'bytes' | 'parsed' | 'not-json' }>): unknown {
  if (read.type === 'parsed') return read.value;
  const parsed = read.type === 'bytes' ? parseJson(read.bytes) : undefined;
  if (parsed === undefined) throw new HttpProblem('malformed-call', 'The body is not JSON');
  return parsed.value;
}

/** So that no framework has to choose how to end a body. Where there can be none, none is ended. */
function withLength({ status, headers, body }: HttpAnswer): HttpAnswer {
  if (status === NO_CONTENT) return { status, headers, body };
  return { status, headers: { ...headers, 'Content-Length': `${Buffer.byteLength(body)}` }, body };
}

const NO_CONTENT = 204;
