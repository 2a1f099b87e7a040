// Fastify as this coordinator wants it: JSON in, problem documents for whatever goes wrong before a
// route is found, and no request of the API once the process is stopping.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { isApi } from './is-api.js';
import { acceptJsonOnly } from './json-body.js';
import { sendProblem } from './problem.filter.js';
import { PROBLEM_MEDIA_TYPE, ProblemError, temporaryProblem } from './problems.js';

const PARAM_LENGTH_MAX = 256;
/** To receive a request; answering it may take longer. */
const REQUEST_TIMEOUT_MS = 30_000;
const STOPPING_RETRY_AFTER_MS = 1_000;

export interface FastifyOptions {
  readonly bodyBytesMax: number;
  readonly isStopping: () => boolean;
  /** Whose `X-Forwarded-For` is believed: addresses and networks. Nobody's by default. */
  readonly trustedProxies?: readonly string[];
}

export function fastifyAdapter(options: FastifyOptions): FastifyAdapter {
  const { bodyBytesMax, isStopping, trustedProxies = [] } = options;
  const adapter = new FastifyAdapter({
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: bodyBytesMax,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false, // the hook below says it in a problem document
    genReqId: () => uuidv7(), // the audit names requests, for longer than a process lives
    skipMiddie: true, // there is no middleware
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    clientErrorHandler: answerWhatIsNotHttp,
    frameworkErrors: answerWhatHasNoRoute,
  });
  const fastify = adapter.getInstance();
  acceptJsonOnly(fastify);
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(isStopping() && isApi(request) ? stopping() : undefined);
  });
  return adapter;
}

function answerWhatHasNoRoute(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  sendProblem(reply, ofRouter(error.statusCode));
}

function stopping(): ProblemError {
  const detail = 'Nothing was done. Ask another coordinator, or this one later.';
  return temporaryProblem('stopping', detail, STOPPING_RETRY_AFTER_MS);
}

function ofRouter(statusCode: number | undefined): ProblemError {
  if (statusCode !== 414)
    return new ProblemError('malformed-request', 'The URL cannot be decoded.');
  const detail = `A part of the path has more than ${PARAM_LENGTH_MAX} characters.`;
  return new ProblemError('url-too-long', detail);
}

/** What is not HTTP never becomes a request, so there is only the socket to answer on. */
function answerWhatIsNotHttp(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const document = ofClientError(error.code).document();
  const body = JSON.stringify(document);
  const head = [
    `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function ofClientError(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new ProblemError('headers-too-large', 'The headers are larger than 16 KiB.');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ProblemError('request-timeout', 'The request did not arrive in time.');
  }
  return new ProblemError('malformed-request', 'This is not an HTTP request.');
}
