// Which problem document an error becomes. The one place where operating errors are answered.
import { HttpException } from '@nestjs/common';
import { JournalUnavailable, Overloaded } from '@concordat/engine';
import type { FastifyRequest } from 'fastify';
import type { AllowedMethods } from './allowed-methods.js';
import { ProblemError, temporaryProblem } from './problems.js';

const JOURNAL_RETRY_AFTER_MS = 1_000;

interface Context {
  readonly request: FastifyRequest;
  readonly allowedMethods: AllowedMethods;
  readonly bodyBytesMax: number;
}

/** @returns undefined if nobody has expected such an error */
export function problemOf(error: unknown, context: Context): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof Overloaded) {
    return temporaryProblem(
      'overloaded',
      `Nothing was begun: ${error.message}.`,
      error.retryAfterMs,
    );
  }
  if (error instanceof JournalUnavailable) return journalUnavailable(context.request);
  if (error instanceof HttpException) return ofFramework(error, context);
  return undefined;
}

/** Not a word of what the database said: that is in the log. */
function journalUnavailable({ method }: FastifyRequest): ProblemError {
  const detail =
    method === 'GET' || method === 'HEAD'
      ? 'The journal cannot be read now. Nothing was changed.'
      : 'The journal does not answer, so what you asked for may or may not have happened. ' +
        'Repeat the request; a begin with the same Idempotency-Key happens only once.';
  return temporaryProblem('journal-unavailable', detail, JOURNAL_RETRY_AFTER_MS);
}

function ofFramework(error: HttpException, context: Context): ProblemError | undefined {
  const status = error.getStatus();
  const { request, allowedMethods, bodyBytesMax } = context;
  switch (status) {
    case 404:
      return noSuchRoute(request, allowedMethods);
    case 413:
      return new ProblemError('body-too-large', `A body may have at most ${bodyBytesMax} bytes.`);
    case 414:
      return new ProblemError('url-too-long', 'A part of the URL is longer than any id.');
    case 415:
      return new ProblemError('unsupported-media-type', 'Send a body as application/json.');
    default:
      return status < 500 ? new ProblemError('malformed-request', `${error.message}.`) : undefined;
  }
}

function noSuchRoute(
  { url, method }: FastifyRequest,
  allowedMethods: AllowedMethods,
): ProblemError {
  const allowed = allowedMethods.at(url.split('?', 1)[0] ?? '');
  if (allowed.length === 0) {
    return new ProblemError('no-such-route', 'No route has this path. GET /docs shows them all.');
  }
  const allow = allowed.join(', ');
  const detail = `This path takes ${allow}, and not ${method}.`;
  return new ProblemError('method-not-allowed', detail, {}, { allow });
}
