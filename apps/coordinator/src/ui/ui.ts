// The dashboard at `/ui/`. It is for anyone, for it says nothing: what it shows, it asks for.
//
//   /, /ui   ─▶ /ui/
//   /ui/     ─▶ the page, with the nonce of this answer in it (http/headers.ts, H1): never kept
//   /ui/…    ─▶ its files; those whose names bear a hash are kept for ever (page-files.ts, P2)
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cspNonce } from '../http/headers.js';
import { ProblemError } from '../http/problems.js';
import { sendProblem } from '../http/problem.filter.js';
import { readPageFiles } from './page-files.js';

/** Where apps/dashboard is built, seen from sources and build alike. */
const BUILD = fileURLToPath(new URL('../../dist/pages', import.meta.url));
const NONCE_PLACE = '%CSP_NONCE%';
const FOR_EVER = 'public, max-age=31536000, immutable';
const NEVER = 'no-store';
const BRIEFLY = 'public, max-age=3600';

/** @param dir the build of apps/dashboard; read now */
export function serveUi(fastify: FastifyInstance, dir: string = BUILD): void {
  const { index, others } = readPageFiles(dir);

  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (index === undefined) return nothing(reply, 'The dashboard is not built: npm run build.');
    reply.header('cache-control', NEVER).type('text/html; charset=utf-8');
    return reply.send(index.replace(NONCE_PLACE, cspNonce(request)));
  };

  const file = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { '*': name = '' } = request.params as Readonly<Record<string, string>>;
    const found = others.get(name);
    if (found === undefined) return nothing(reply, 'The dashboard has no such file.');
    reply.header('cache-control', found.isImmutable ? FOR_EVER : BRIEFLY).type(found.mediaType);
    if (!found.isWorthCompressing) return reply.send(found.content);
    reply.header('vary', 'accept-encoding');
    if (!takesGzip(request)) return reply.send(found.content);
    return reply.header('content-encoding', 'gzip').send(await found.gzipped());
  };

  // Relative: whatever stands before us may have put us below another path.
  fastify.get('/', (_request, reply) => reply.redirect('ui/', 302));
  fastify.get('/ui', (_request, reply) => reply.redirect('ui/', 308));
  fastify.get('/ui/', page);
  fastify.get('/ui/*', file);
}

function nothing(reply: FastifyReply, detail: string): FastifyReply {
  sendProblem(reply, new ProblemError('no-such-route', detail));
  return reply;
}

function takesGzip({ headers }: FastifyRequest): boolean {
  return /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
}
