// Every way in which a request can fail, as RFC 9457 problem documents.
//
// An outcome is none of them: a transaction that rolled back was created and ran. `type` is a
// stable name for programs, `title` the same for people, `detail` what is so about this request.
import type { FieldError, Parsed, Problem } from '@concordat/wire';
import type { Permission } from '@concordat/wire/operations';

/** The key is the last part of its `type`. */
export const problemKinds = {
  'malformed-request': { status: 400, title: 'The request is malformed' },
  unauthenticated: { status: 401, title: 'It is not known who you are' },
  'not-permitted': { status: 403, title: 'You may not do this' },
  'cross-site': { status: 403, title: 'The request comes from another site' },
  'no-such-route': { status: 404, title: 'There is nothing here' },
  'unknown-transaction': { status: 404, title: 'No such global transaction is known' },
  'unknown-branch': { status: 404, title: 'The global transaction has no such branch' },
  'unknown-participant': { status: 404, title: 'No such participant is registered' },
  'unknown-item': { status: 404, title: 'There is no such item' },
  'unknown-resource-manager': { status: 404, title: 'No such resource manager is known' },
  'unknown-key': { status: 404, title: 'No such API key is known' },
  'method-not-allowed': { status: 405, title: 'The method cannot be used here' },
  'request-timeout': { status: 408, title: 'The request was not received in time' },
  'not-active': { status: 409, title: 'The global transaction is not active any more' },
  'branch-exists': { status: 409, title: 'Another branch has this id' },
  'not-possible': { status: 409, title: 'It cannot be done as things are' },
  'changed-meanwhile': { status: 409, title: 'It is no longer as it was' },
  'decided-otherwise': { status: 409, title: 'The wish can no longer be granted' },
  'decision-forgotten': { status: 410, title: 'The decision is no longer remembered' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'url-too-long': { status: 414, title: 'The URL is too long' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'key-reused': { status: 422, title: 'The idempotency key belongs to another request' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'The coordinator has failed' },
  'journal-unavailable': { status: 503, title: 'The journal does not answer' },
  'provider-away': { status: 503, title: 'The identity provider does not answer' },
  'not-ready': { status: 503, title: 'The coordinator is not ready' },
  overloaded: { status: 503, title: 'Too much is in flight' },
  stopping: { status: 503, title: 'The coordinator is stopping' },
} as const satisfies { readonly [kind: string]: { status: number; title: string } };

export type ProblemKind = keyof typeof problemKinds;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** What a document has beyond the members of the RFC. */
export type ProblemExtras = Pick<Problem, 'errors' | 'gtid' | 'phase' | 'decision'> & {
  /** What the caller would have to be granted. */
  readonly permission?: Permission;
  /** What is not as it should be. */
  readonly reasons?: readonly string[];
  /** Names a line of the log. */
  readonly incident?: string;
};

/** Ends a request with a problem document. Thrown by controllers, caught by the problem filter. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  document(): Problem & ProblemExtras {
    const { kind, detail, extras } = this;
    const { status, title } = problemKinds[kind];
    return { type: `urn:concordat:problem:${kind}`, title, status, detail, ...extras };
  }
}

type TemporaryKind =
  | 'journal-unavailable'
  | 'not-ready'
  | 'overloaded'
  | 'provider-away'
  | 'stopping'
  | 'too-many-requests';

/** @param retryAfterMs when it may be worth another try; `Retry-After` counts whole seconds */
export function temporaryProblem(
  kind: TemporaryKind,
  detail: string,
  retryAfterMs: number,
  extras: ProblemExtras = {},
): ProblemError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return new ProblemError(kind, detail, extras, { 'retry-after': String(seconds) });
}

export function malformedRequest(errors: readonly FieldError[]): ProblemError {
  const detail = errors.length === 1 ? 'One field is wrong.' : `${errors.length} fields are wrong.`;
  return new ProblemError('malformed-request', detail, { errors: [...errors] });
}

/** @throws ProblemError that names every bad field */
export function valueOf<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw malformedRequest(parsed.errors);
  return parsed.value;
}
