// What went wrong with a question, as the page knows it. A problem document (RFC 9457) says it in
// words for people: they are shown as they are.
import type { Problem } from '@concordat/wire';

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** 0: nobody has answered. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly problem?: Problem,
  ) {
    super(detail === '' ? title : `${title}: ${detail}`);
  }

  /** The last part of the problem's type: `not-permitted`. */
  get kind(): string {
    return this.problem?.type.split(':').at(-1) ?? String(this.status);
  }
}

/** No answer, or one that no coordinator of ours has given. */
export function unreachable(cause: unknown): ApiError {
  const detail = 'Is this machine online, and the coordinator running?';
  const error = new ApiError(0, 'The coordinator does not answer', detail);
  error.cause = cause;
  return error;
}

/** @param body as parsed from JSON; undefined if it was none */
export function errorOf(status: number, body: unknown): ApiError {
  if (isProblem(body)) return new ApiError(status, body.title, body.detail, body);
  return new ApiError(status, `The answer was HTTP ${status}`, 'Something in between has sent it.');
}

/** Whether what was asked for may have been done all the same: no answer is never a no. */
export function isInDoubt(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** What to show of anything that was thrown. */
export function inWords(error: unknown): { readonly title: string; readonly detail: string } {
  if (error instanceof ApiError) return { title: error.title, detail: error.detail };
  const detail = error instanceof Error ? error.message : String(error);
  return { title: 'This page has failed', detail };
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false;
  return 'title' in body && 'detail' in body && 'type' in body && typeof body.type === 'string';
}
