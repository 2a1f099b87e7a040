// What every answer tells a browser not to do.
//
// H1. A page runs our own scripts and styles only: nothing inline, but for what bears the nonce of
//     this very answer. Nobody shows a page of ours within theirs.
// H2. What the API says is for whoever has asked: no cache keeps it.
// H3. Over HTTPS, a browser is told never to come over HTTP again.
// H4. There is no CORS: no page of another origin reads anything here.
// H5. They are constants, and written here: @fastify/helmet would set them when a request comes,
//     before it is known whether the answer is a page, and after the guard has refused it.
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isApi } from './is-api.js';

const NONCE_BYTES = 16;
const HSTS = 'max-age=31536000; includeSubDomains';
const nonces = new WeakMap<FastifyRequest, string>();

/** For the `nonce` of a style or script that stands within the page; another for each answer. */
export function cspNonce(request: FastifyRequest): string {
  const known = nonces.get(request);
  if (known !== undefined) return known;
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  nonces.set(request, nonce);
  return nonce;
}

/** @param publicUrl where people reach us, if that is set */
export function guardBrowsers(fastify: FastifyInstance, publicUrl: string | undefined): void {
  const isPublicHttps = publicUrl?.startsWith('https:') === true;
  fastify.addHook('onSend', (request, reply, payload, done) => {
    reply.headers(headersOf(request, reply));
    if (isPublicHttps || request.protocol === 'https') {
      reply.header('strict-transport-security', HSTS); // H3
    }
    done(null, payload);
  });
}

function headersOf(request: FastifyRequest, reply: FastifyReply): Record<string, string> {
  const type = String(reply.getHeader('content-type') ?? '');
  const isPage = type.startsWith('text/html');
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': isPage ? policyOfPage(cspNonce(request)) : POLICY_OF_DATA,
    ...(isPage ? PAGE : {}),
    ...(isApi(request) ? { 'cache-control': 'no-store' } : {}), // H2
  };
}

const PAGE = {
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'x-frame-options': 'DENY',
};

const POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'";

/** H1 */
function policyOfPage(nonce: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
