// The operator API's table of routes, on Fastify. Whoever asks has passed the guard (the rule is in
// each route's config), and a refusal becomes a problem document.
//
// S1. Whoever has gone is not worked for: the signal says so. When the process stops, all that
//     listen to events are told to go, for a stream of events never ends by itself.
// S2. Nor does it outlast its listener's key, session or role: they are asked for now and then.
// S3. Whoever does not read what he is told is told nothing more until he does.
import { Readable } from 'node:stream';
import type {
  OperatorAnswer,
  OperatorRequest,
  Route,
  ServerSentEvent,
} from '@concordat/operations';
import { isJsonObject } from '@concordat/wire';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressOf } from '../access/address.js';
import { callerOf } from '../access/caller.js';
import { malformedRequest } from '../http/problems.js';
import { problemOfRefusal } from './problems.js';

/** An event stream on which nothing happens says so now and then, or a proxy takes it for dead. */
const ALIVE_MS = 15_000;
/** Soon enough for a key that is revoked: five seconds in all, with what is believed meanwhile. */
const ADMITTED_MS = 2_000;
const HERE = ': here\n\n';

/**
 * @param stopping aborted when the process stops
 * @param stillAdmits whether a request that was admitted would be now
 */
export function serveOperations(
  fastify: FastifyInstance,
  routes: readonly Route[],
  stopping: AbortSignal,
  stillAdmits: (request: FastifyRequest) => Promise<boolean>,
): void {
  for (const { method, path, permission, of, answer } of routes) {
    fastify.route({
      method,
      url: path,
      exposeHeadRoute: false,
      config: { rule: { permission, of } },
      handler: async (request, reply) => {
        const signal = AbortSignal.any([goneOf(reply), stopping]);
        try {
          const answered = await answer(requestOf(request, signal));
          if (!('events' in answered)) return await send(reply, answered, signal);
          const admitted = whileAdmitted(() => stillAdmits(request), signal); // S2
          return await send(reply, answered, admitted);
        } catch (error) {
          throw problemOfRefusal(error);
        }
      },
    });
  }
}

/** Aborted with `signal`, or once `isAdmitted` is no longer so. */
function whileAdmitted(isAdmitted: () => Promise<boolean>, signal: AbortSignal): AbortSignal {
  const refused = new AbortController();
  const look = (): void => {
    isAdmitted().then((is) => {
      if (!is) refused.abort();
    }, refused.abort.bind(refused));
  };
  const either = AbortSignal.any([signal, refused.signal]);
  if (either.aborted) return either;
  const timer = setInterval(look, ADMITTED_MS);
  either.addEventListener('abort', () => clearInterval(timer), { once: true });
  return either;
}

/** Aborted when whoever asked has gone, also before it was known who that is; or is answered. */
function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (raw.destroyed) gone.abort();
  else raw.once('close', () => gone.abort());
  return gone.signal;
}

function requestOf(request: FastifyRequest, signal: AbortSignal): OperatorRequest {
  const { params, body, id: requestId } = request;
  return {
    principal: callerOf(request).principal,
    params: params as Readonly<Record<string, string>>,
    query: queryOf(request.query),
    body: body ?? undefined,
    address: addressOf(request),
    requestId,
    signal,
  };
}

/** @throws ProblemError if a parameter is given twice */
function queryOf(query: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(isJsonObject(query) ? query : {});
  const twice = entries.filter(([, value]) => typeof value !== 'string');
  if (twice.length > 0) {
    throw malformedRequest(
      twice.map(([name]) => ({ pointer: `/${name}`, message: 'is given more than once' })),
    );
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function send(reply: FastifyReply, answer: OperatorAnswer, signal: AbortSignal): FastifyReply {
  reply.status(answer.status);
  if ('events' in answer) {
    reply.type('text/event-stream').header('x-accel-buffering', 'no');
    return reply.send(streamOf(answer.events, signal));
  }
  return 'body' in answer ? reply.send(answer.body) : reply.send();
}

/** S1, S3. */
function streamOf(events: AsyncIterable<ServerSentEvent>, signal: AbortSignal): Readable {
  let goOn = (): void => undefined;
  let hasEnded = false;
  const stream = new Readable({ read: () => goOn() });
  const say = async (text: string): Promise<void> => {
    if (hasEnded || stream.destroyed || stream.push(text)) return;
    await new Promise<void>((resolve) => (goOn = resolve));
  };
  const alive = setInterval(() => {
    if (stream.readableLength === 0) stream.push(HERE);
  }, ALIVE_MS);
  const end = (): void => {
    clearInterval(alive);
    if (!hasEnded && !stream.destroyed) stream.push(null);
    hasEnded = true;
    goOn();
  };
  signal.addEventListener('abort', end, { once: true });
  stream.push(HERE);
  pour(events, say, signal).then(end, (error: unknown) => {
    clearInterval(alive);
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return stream;
}

async function pour(
  events: AsyncIterable<ServerSentEvent>,
  say: (text: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { event, data } of events) {
    if (signal.aborted) return;
    await say(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
