// A participant behind Fastify:
// `app.register(fastifyParticipant, { prefix: '/payment', participant })`.
//
//   {prefix}/* ─▶ the body as a stream ─▶ answerCall ─▶ reply
//
// F1. The plugin is a scope of its own: how the rest of the application reads bodies is not asked,
//     and not changed. Hooks of the application run as for every route.
// F2. Where the handler stands alone, in a route of the application, Fastify has read the body by
//     then, or has refused it in its own words.
// F3. To a text Fastify would add a charset.
import { Readable } from 'node:stream';
import type {
  FastifyError,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  RouteHandlerMethod,
} from 'fastify';
import { answerCall } from '../node/answer-call.js';
import type { CallerCheck, CallerOptions } from '../node/caller-check.js';
import { callerCheck } from '../node/caller-check.js';
import type { ReadBody } from '../node/http-call.js';
import { bodyHeld, pathOf, readBody } from '../node/http-call.js';
import { letNobodyGoOn } from '../node/node-handler.js';
import type { Participant } from '../participant.js';

export interface FastifyParticipantOptions extends CallerOptions {
  readonly participant: Participant;
}

/**
 * The plugin. Its `prefix` is the path of the participant's URL.
 * @throws {Error} if a secret is one that could be guessed, or there is none in the list
 */
export const fastifyParticipant: FastifyPluginCallback<FastifyParticipantOptions> = (
  instance,
  { participant, ...options },
  done,
) => {
  const check = callerCheck(options);
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', (_, payload, parsed) => parsed(null, payload)); // F1
  instance.all('/*', (request, reply) => answer(participant, check, request, reply));
  instance.setErrorHandler((error: Partial<FastifyError>, request, reply) => {
    if (error.code?.startsWith('FST_ERR_CTP_') !== true) throw error; // for whoever is above
    return answer(participant, check, request, reply, { type: 'not-json' });
  });
  done();
};

/**
 * The handler alone, for a route that ends with it: `app.post('/payment/:operation', …)`.
 * @throws {Error} as above
 */
export function fastifyHandler(
  participant: Participant,
  options: CallerOptions = {},
): RouteHandlerMethod {
  const check = callerCheck(options);
  return (request, reply) => answer(participant, check, request, reply);
}

async function answer(
  participant: Participant,
  check: CallerCheck,
  request: FastifyRequest,
  reply: FastifyReply,
  read?: ReadBody,
): Promise<FastifyReply> {
  const { method, headers } = request;
  const call = {
    method,
    path: pathOf(request.originalUrl),
    operation: operationOf(request),
    headers,
    readBody: () => (read === undefined ? bodyOf(request) : Promise.resolve(read)),
  };
  try {
    const said = await answerCall(participant, check, call);
    if (said === undefined) return reply.hijack();
    const bytes = said.body === '' ? undefined : Buffer.from(said.body); // F3
    return await reply.code(said.status).headers(said.headers).send(bytes);
  } catch (error) {
    letNobodyGoOn(error);
    reply.hijack().raw.destroy();
    return reply;
  }
}

/** Whatever stands where the route has its last part, undecoded. */
function operationOf({ url, routeOptions }: FastifyRequest): string {
  const place = (routeOptions.url ?? '').split('/').length - 1;
  return pathOf(url).split('/').slice(place).join('/');
}

/** F1, F2. */
function bodyOf({ body, raw, headers }: FastifyRequest): Promise<ReadBody> {
  if (body === undefined || body instanceof Readable) return readBody(body ?? raw);
  return Promise.resolve(bodyHeld(body, { headers }));
}
