// A participant behind Express: `app.use('/payment', expressHandler(payment))`.
//
//   app.use(express.json())       may stand before it, or not
//   app.use('/payment', [ handler ─▶ answerCall, what a parser has refused ─▶ answerCall ])
//
// X1. The mount path is the path of the participant's URL: `/payment/execute` is a call, and
//     `/payment` itself is for whoever comes next.
// X2. A body that a parser before has read is taken as it is; one that it could not read is
//     answered here like any other, if it was meant for here. Such a parser has a limit of its own,
//     which is 100 KiB unless set: the coordinator sends up to 1 MiB.
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import type { CallerOptions } from '../node/caller-check.js';
import { callerCheck } from '../node/caller-check.js';
import type { ReadBody } from '../node/http-call.js';
import { BODY_BYTES_MAX, bodyHeld, pathOf, readBody } from '../node/http-call.js';
import { respond } from '../node/node-handler.js';
import type { Participant } from '../participant.js';

/**
 * @returns what `app.use(path, …)` and `router.use(path, …)` take
 * @throws {Error} if a secret is one that could be guessed, or there is none in the list
 */
export function expressHandler(
  participant: Participant,
  options: CallerOptions = {},
): (RequestHandler | ErrorRequestHandler)[] {
  const check = callerCheck(options);
  const answer = (
    request: Request,
    response: Response,
    next: NextFunction,
    read: () => Promise<ReadBody>,
  ): void => {
    const { method, baseUrl, headers } = request;
    const path = pathOf(request.originalUrl);
    if (!path.startsWith(`${baseUrl}/`)) return next(); // X1
    const operation = path.slice(baseUrl.length + 1);
    respond(participant, check, response, { method, path, operation, headers, readBody: read });
  };
  const handler: RequestHandler = (request, response, next) =>
    answer(request, response, next, () => bodyOf(request));
  const refused: ErrorRequestHandler = (error: unknown, request, response, next) => {
    const read = refusedBody(error);
    if (read === undefined || response.headersSent) return next(error);
    return answer(request, response, next, () => Promise.resolve(read));
  };
  return [handler, refused];
}

/** X2. The bytes are best, where somebody has kept them. */
function bodyOf(request: Request & { readonly rawBody?: unknown }): Promise<ReadBody> {
  const { body, rawBody } = request as { readonly body?: unknown; readonly rawBody?: unknown };
  const held = rawBody instanceof Uint8Array ? rawBody : body;
  if (held === undefined) return readBody(request);
  return Promise.resolve(bodyHeld(held, request));
}

/** @returns undefined if `error` is not a parser's word about the body */
function refusedBody(error: unknown): ReadBody | undefined {
  if (!(error instanceof Error) || !('type' in error)) return undefined;
  switch (error.type) {
    case 'entity.too.large':
      return { type: 'too-large', bytesMax: limitOf(error) };
    case 'request.aborted':
      return { type: 'gone' };
    case 'entity.parse.failed':
    case 'charset.unsupported':
    case 'encoding.unsupported':
    case 'request.size.invalid':
      return { type: 'not-json' };
    default:
      return undefined;
  }
}

function limitOf(error: object): number {
  const limit = 'limit' in error && typeof error.limit === 'number' ? error.limit : BODY_BYTES_MAX;
  return Math.min(limit, BODY_BYTES_MAX);
}
