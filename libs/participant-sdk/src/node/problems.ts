// What can be wrong with a call before any participant hears of it (RFC 9457).
//
// None of these is a vote: 409 and 410 are said by `encodeAnswer` alone.
import type { FieldError, Problem } from '@concordat/wire';
import type { HttpAnswer } from './http-call.js';

const problems = {
  'malformed-call': { status: 400, title: 'The call is malformed' },
  'unknown-caller': { status: 401, title: 'The call is not signed by anybody who is known here' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This method cannot be used here' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
} as const satisfies { readonly [type: string]: Pick<Problem, 'status' | 'title'> };

export type ProblemType = keyof typeof problems;

const headersOf: { readonly [type in ProblemType]?: Readonly<Record<string, string>> } = {
  'unknown-caller': { 'WWW-Authenticate': 'Concordat-Signature' },
  'method-not-allowed': { Allow: 'POST' },
  'body-too-large': { Connection: 'close' }, // the rest is not read
};

/** Thrown where it is found, caught in `answerCall`. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';

  constructor(
    private readonly type: ProblemType,
    private readonly detail: string,
    private readonly errors: readonly FieldError[] = [],
  ) {
    super(detail);
  }

  answer(): HttpAnswer {
    const { type, detail, errors } = this;
    const problem: Problem = {
      type: `urn:concordat:problem:${type}`,
      ...problems[type],
      detail,
      ...(errors.length === 0 ? {} : { errors: [...errors] }),
    };
    return {
      status: problem.status,
      headers: { 'Content-Type': 'application/problem+json', ...headersOf[type] },
      body: JSON.stringify(problem),
    };
  }
}
