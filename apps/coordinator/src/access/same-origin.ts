// Whether a request that changes something was sent by a page of ours.
//
// O1. Who shows a session's cookie must also show that one of our pages has sent it: a browser
//     tells the origin of every request that changes something, and no page can forge that.
// O2. And it must send JSON: that a page of another origin cannot do without asking first, and
//     nobody answers such questions here (there is no CORS).
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problems.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isSafe({ method }: FastifyRequest): boolean {
  return SAFE.has(method);
}

/** @throws ProblemError unless one of our pages has sent it */
export function requireOurPage(request: FastifyRequest, publicUrl: string | undefined): void {
  if (!isOfOurPage(request, publicUrl)) {
    throw new ProblemError('cross-site', 'With a session, only our own pages may change anything.');
  }
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ProblemError('unsupported-media-type', 'With a session, send application/json.');
  }
}

/** Whether another site's page has sent it, as far as a browser tells. */
export function isCrossSite(request: FastifyRequest, publicUrl: string | undefined): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin === undefined && site === undefined) return false; // no browser
  return !isOfOurPage(request, publicUrl);
}

function isOfOurPage(request: FastifyRequest, publicUrl: string | undefined): boolean {
  const { origin } = request.headers;
  if (origin !== undefined) return origin === ownOrigin(request, publicUrl);
  return request.headers['sec-fetch-site'] === 'same-origin';
}

/** @param publicUrl where people reach us, if that is set; else whatever they have called us */
export function ownOrigin(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  return `${request.protocol}://${request.host}`;
}
