// Participant → coordinator, or another participant: what an answer means. This file is the table
// of the contract.
//
//   2xx but 202    yes: { "vote" }, { "result" }, { "standing" }, {} or no body at all
//   409            a question: refused. An order: balked, or { "heuristic" }: has acted by itself
//   410            { "stale": true }: a higher token has been seen
//   202, 425       working: ask again with the same token, after Retry-After if there is one
//   anything else  in doubt, which is not a no
//
//   To `state`, which only participants ask: 2xx { "standing": {…} }, or null if nothing was ever
//   heard of the branch.
//
// N1. Only what can be decoded, and fits its operation, is a reply. A body that cannot be parsed,
//     says none of the above or contradicts its status is in doubt, and the reason is kept.
// N2. What encodeAnswer says, decodeAnswer understands: they change together.
import type { Json, Operation, Reply, Standing } from '@concordat/protocols';
import { assert, isQuestion } from '@concordat/protocols';
import { isJson, isJsonObject, jsonFaultOf } from './json.js';
import type { PeerOperation } from './participant-call.js';
import { standingSchema } from './views.js';
import { cleaned } from './words.js';

/** The same shapes as the engine's `Answer`. */
export type ParticipantAnswer =
  | {
      readonly type: 'reply';
      readonly reply: Reply;
      readonly result?: Json;
      readonly note?: string;
    }
  | { readonly type: 'working'; readonly retryAfterMs: number | undefined }
  | { readonly type: 'balked'; readonly reason: string }
  | { readonly type: 'stale' }
  | InDoubt;

export interface InDoubt {
  readonly type: 'in-doubt';
  readonly reason: string;
}

/** What a participant answers another one. */
export type PeerAnswer = ParticipantAnswer | StateAnswer;

/** How a branch stands; null if nothing was ever heard of it. */
export interface StateAnswer {
  readonly type: 'state';
  readonly standing: Standing | null;
}

/** With their names in lower case, as node:http and undici have them. */
export type AnswerHeaders = { readonly [name: string]: string | readonly string[] | undefined };

export interface EncodedAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** JSON text; empty where there is nothing to say. */
  readonly body: string;
}

/** An answer whose body is longer than this is in doubt. */
export const ANSWER_BYTES_MAX = 1_048_576;

/** However long `Retry-After` says, somebody looks again by then. */
export const RETRY_AFTER_MS_MAX = 3_600_000;

/** What a bare yes means. `elect` must be answered with a standing. */
const yes: { readonly [O in Operation]: Reply | undefined } = {
  prepare: { type: 'prepared' },
  'can-commit': { type: 'prepared' },
  try: { type: 'tried' },
  execute: { type: 'done' },
  commit: { type: 'acknowledged' },
  rollback: { type: 'acknowledged' },
  'commit-one-phase': { type: 'acknowledged' },
  'pre-commit': { type: 'acknowledged' },
  'do-commit': { type: 'acknowledged' },
  abort: { type: 'acknowledged' },
  elect: undefined,
  'pre-abort': { type: 'acknowledged' },
  confirm: { type: 'acknowledged' },
  cancel: { type: 'acknowledged' },
  compensate: { type: 'acknowledged' },
};

const voting: ReadonlySet<Operation> = new Set<Operation>(['prepare', 'can-commit']);
const balloting: ReadonlySet<Operation> = new Set<Operation>(['elect', 'pre-commit', 'pre-abort']);

const heuristics = {
  commit: { type: 'heuristic-commit' },
  rollback: { type: 'heuristic-rollback' },
  mixed: { type: 'heuristic-mixed' },
  hazard: { type: 'heuristic-hazard' },
} as const satisfies { readonly [word: string]: Reply };

interface Body {
  readonly [field: string]: unknown;
}

/** Never throws, whatever the participant has sent. */
export function decodeAnswer(
  operation: Operation,
  status: number,
  headers: AnswerHeaders,
  bodyText: string,
): ParticipantAnswer {
  if (status === 202 || status === 425) {
    return { type: 'working', retryAfterMs: retryAfterMsOf(headers) };
  }
  if (!isYes(status) && status !== 409 && status !== 410) return inDoubt(status, bodyText);
  const body = bodyOf(bodyText);
  if (typeof body === 'string') return inDoubt(status, body);
  if (status === 410) {
    return body['stale'] === true ? { type: 'stale' } : inDoubt(status, 'without "stale": true');
  }
  return status === 409 ? decodeNo(operation, body) : decodeYes(operation, status, body);
}

/** The same, of an answer to another participant. */
export function decodePeerAnswer(
  operation: PeerOperation,
  status: number,
  headers: AnswerHeaders,
  bodyText: string,
): PeerAnswer {
  if (operation !== 'state') return decodeAnswer(operation, status, headers, bodyText);
  if (!isYes(status) || status === 202) return inDoubt(status, bodyText);
  const body = bodyOf(bodyText);
  if (typeof body === 'string') return inDoubt(status, body);
  const standing = standingSchema.nullable().safeParse(body['standing']).data;
  if (standing === undefined) return inDoubt(status, 'without a well-formed standing');
  return { type: 'state', standing };
}

/** @param answer one that `operation` can have; anything else is the caller's mistake */
export function encodeAnswer(operation: Operation | 'state', answer: PeerAnswer): EncodedAnswer {
  switch (answer.type) {
    case 'state':
      return encoded(200, { standing: answer.standing && { ...answer.standing } });
    case 'reply':
      assert(operation !== 'state', 'state is answered with a state');
      return encodeReply(operation, answer.reply, answer.result, answer.note);
    case 'working': {
      const seconds = Math.ceil((answer.retryAfterMs ?? 0) / 1_000);
      const retryAfter = answer.retryAfterMs === undefined ? {} : { 'Retry-After': `${seconds}` };
      return { status: 202, headers: retryAfter, body: '' };
    }
    case 'balked':
      // A step after the pivot has nobody to refuse to; its 409 says why it is not done yet.
      assert(operation === 'execute' || !isAsked(operation), 'a question is refused');
      return encoded(409, { reason: answer.reason });
    case 'stale':
      return encoded(410, { stale: true });
    case 'in-doubt':
      return encoded(500, { reason: answer.reason });
  }
}

function isAsked(operation: Operation | 'state'): boolean {
  return operation === 'state' || isQuestion(operation);
}

function isYes(status: number): boolean {
  return status >= 200 && status < 300;
}

function decodeYes(operation: Operation, status: number, body: Body): ParticipantAnswer {
  const contradiction = ['heuristic', 'stale'].find((field) => Object.hasOwn(body, field));
  if (contradiction !== undefined) return inDoubt(status, `contradicts "${contradiction}"`);
  const reply = replyIn(operation, body);
  if (typeof reply === 'string') return inDoubt(status, reply);
  const { result } = body;
  return { type: 'reply', reply, ...(isJson(result) ? { result } : {}) };
}

/** The reply that a yes with this body is, or why it is none (N1). */
function replyIn(operation: Operation, body: Body): Reply | string {
  if (Object.hasOwn(body, 'vote')) return voteIn(operation, body['vote']);
  if (Object.hasOwn(body, 'standing')) return standingIn(operation, body['standing']);
  const saysNothing = Object.keys(body).length === 0;
  if (!saysNothing && !Object.hasOwn(body, 'result')) return 'with neither vote nor result';
  return yes[operation] ?? `without a standing, to ${operation}`;
}

function voteIn(operation: Operation, vote: unknown): Reply | string {
  if (!voting.has(operation)) return `with a vote, to ${operation}`;
  if (vote === 'prepared' || vote === 'read-only') return { type: vote };
  return `contradicts the vote ${JSON.stringify(vote)}`;
}

function standingIn(operation: Operation, given: unknown): Reply | string {
  if (!balloting.has(operation)) return `with a standing, to ${operation}`;
  const standing: Standing | undefined = standingSchema.safeParse(given).data;
  return standing === undefined ? 'with a malformed standing' : { type: 'standing', standing };
}

function decodeNo(operation: Operation, body: Body): ParticipantAnswer {
  const contradiction = ['result', 'standing', 'stale'].find((field) => Object.hasOwn(body, field));
  if (contradiction !== undefined) return inDoubt(409, `contradicts "${contradiction}"`);
  if (Object.hasOwn(body, 'vote') && (body['vote'] !== 'refused' || !voting.has(operation))) {
    return inDoubt(409, `contradicts the vote ${JSON.stringify(body['vote'])}`);
  }
  const reason = reasonIn(body);
  const note = reason === undefined ? {} : { note: reason };
  if (Object.hasOwn(body, 'heuristic')) {
    const reply = heuristicIn(operation, body['heuristic']);
    return typeof reply === 'string' ? inDoubt(409, reply) : { type: 'reply', reply, ...note };
  }
  if (isQuestion(operation)) return { type: 'reply', reply: { type: 'refused' }, ...note };
  return { type: 'balked', reason: reason ?? 'no reason given' };
}

/** Whoever has been told, or may decide alone, can act by himself; before that nobody can. */
function heuristicIn(operation: Operation, word: unknown): Reply | string {
  const canAct = yes[operation]?.type === 'acknowledged' && !balloting.has(operation);
  if (!canAct) return `with a heuristic, to ${operation}`;
  const known = Object.entries(heuristics).find(([key]) => key === word);
  return known?.[1] ?? `with an unknown heuristic ${JSON.stringify(word)}`;
}

function reasonIn(body: Body): string | undefined {
  if (!Object.hasOwn(body, 'reason')) return undefined;
  const { reason } = body;
  return cleaned(typeof reason === 'string' ? reason : JSON.stringify(reason));
}

/** An object, or what is wrong with it. */
function bodyOf(text: string): Body | string {
  if (text.trim() === '') return {};
  const body = parseJson(text);
  if (body === undefined) return `with a body that is not JSON: ${text.slice(0, EXCERPT_MAX)}`;
  if (!isJsonObject(body))
    return `with a body that is not an object: ${text.slice(0, EXCERPT_MAX)}`;
  const fault = jsonFaultOf(body);
  return fault === undefined ? body : `with a body that ${fault.message}`;
}

const EXCERPT_MAX = 200;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function inDoubt(status: number, what: string): InDoubt {
  const text = what.trim().slice(0, EXCERPT_MAX);
  return { type: 'in-doubt', reason: cleaned(`HTTP ${status} ${text}`.trim()) };
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** A date is taken relative to the answer's own `Date`, so that no two clocks are compared. */
function retryAfterMsOf(headers: AnswerHeaders): number | undefined {
  const retryAfter = headerOf(headers, 'retry-after');
  if (/^\d{1,9}$/.test(retryAfter)) return Math.min(Number(retryAfter) * 1_000, RETRY_AFTER_MS_MAX);
  const date = headerOf(headers, 'date');
  if (!HTTP_DATE.test(retryAfter) || !HTTP_DATE.test(date)) return undefined;
  const ms = Date.parse(retryAfter) - Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}

function headerOf(headers: AnswerHeaders, name: string): string {
  const value = headers[name] ?? '';
  return typeof value === 'string' ? value : (value[0] ?? '');
}

function encodeReply(
  operation: Operation,
  reply: Reply,
  result: Json | undefined,
  note: string | undefined,
): EncodedAnswer {
  const given = result === undefined ? {} : { result };
  const reason = note === undefined ? {} : { reason: note };
  switch (reply.type) {
    case 'prepared':
    case 'read-only':
      assert(voting.has(operation), `${operation} asks for a vote`);
      return encoded(200, { vote: reply.type, ...given });
    case 'refused':
      assert(isQuestion(operation), `${operation} is a question`);
      return encoded(409, reason);
    case 'standing':
      assert(balloting.has(operation), `${operation} speaks for a ballot`);
      return encoded(200, { standing: { ...reply.standing } });
    case 'tried':
    case 'done':
    case 'acknowledged':
      assert(yes[operation]?.type === reply.type, `${operation} can be answered ${reply.type}`);
      return result === undefined ? encoded(204) : encoded(200, given);
    case 'heuristic-commit':
    case 'heuristic-rollback':
    case 'heuristic-mixed':
    case 'heuristic-hazard': {
      const heuristic = reply.type.slice('heuristic-'.length);
      assert(typeof heuristicIn(operation, heuristic) !== 'string', `${operation} is an order`);
      return encoded(409, { heuristic, ...reason });
    }
  }
}

function encoded(status: number, body?: Json): EncodedAnswer {
  if (body === undefined) return { status, headers: {}, body: '' };
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
