// What can be wrong with a call before any participant hears of it (RFC 9457).
//
// None of these is a vote: 409 and 410 are said by `encodeAnswer` alone.
import type { ServerResponse } from 'node:http';
import type { FieldError, Problem } from '@concordat/wire';
import { sendJson } from './json-over-http.js';

const problems = {
  'malformed-call': { status: 400, title: 'The call is malformed' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This method cannot be used here' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
} as const satisfies { readonly [type: string]: Pick<Problem, 'status' | 'title'> };

export function sendProblem(
  response: ServerResponse,
  type: keyof typeof problems,
  detail: string,
  errors: readonly FieldError[] = [],
): void {
  const problem: Problem = {
    type: `urn:concordat:problem:${type}`,
    ...problems[type],
    detail,
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
  };
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json' };
  if (type === 'method-not-allowed') headers['Allow'] = 'POST';
  if (type === 'body-too-large') headers['Connection'] = 'close'; // the rest is not read
  sendJson(response, problem.status, problem, headers);
}
