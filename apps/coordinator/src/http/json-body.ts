// Request bodies: JSON in UTF-8, and nothing else.
//
// A key `__proto__` is data like any other here: whoever reads bodies (libs/wire) copies none of
// their objects key by key.
import type { Json } from '@concordat/protocols';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problems.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Replaces whatever bodies `fastify` would read by JSON alone. */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (_request, body, done) => {
      try {
        done(null, parseBody(body));
      } catch (error) {
        done(error instanceof Error ? error : new Error('the body cannot be read'));
      }
    },
  );
}

/** What a request has as its body; whether there must be one is for the route to say. */
export type RequestBody = Json | undefined;

export function parseBody(body: Uint8Array): RequestBody {
  if (body.length === 0) return undefined;
  try {
    const parsed: Json = JSON.parse(utf8.decode(body));
    return parsed;
  } catch (error) {
    const message = error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8';
    throw new ProblemError('malformed-request', `The body ${message}.`, {
      errors: [{ pointer: '', message }],
    });
  }
}
