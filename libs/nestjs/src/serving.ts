// The application's participants as the coordinator calls them over HTTP, on Nest's own server:
// below `publicUrl`'s path, beside the application's routes and before its guards.
import type { CallerOptions } from '@concordat/participant-sdk';
import { expressHandler } from '@concordat/participant-sdk/express';
import { fastifyParticipant } from '@concordat/participant-sdk/fastify';
import type { HttpServer } from '@nestjs/common';
import { ConcordatMisconfigured } from './boot-fault.js';
import type { Made } from './participants.js';
import type { Runtime } from './runtime.js';

/** @throws ConcordatMisconfigured for another server than Express or Fastify */
export async function serve({ served }: Runtime, adapter: HttpServer): Promise<void> {
  if (served === undefined) return;
  const { prefix, made, secrets } = served;
  const callers: CallerOptions = secrets.length === 0 ? {} : { secrets };
  for (const { name, participant } of made) {
    await serveOne(`${prefix}/${name}`, participant, callers, adapter);
  }
}

async function serveOne(
  path: string,
  participant: Made['participant'],
  callers: CallerOptions,
  adapter: HttpServer,
): Promise<void> {
  switch (adapter.getType()) {
    case 'fastify': {
      const instance = adapter.getInstance() as Fastify;
      await instance.register(fastifyParticipant, { prefix: path, participant, ...callers });
      return;
    }
    case 'express':
      (adapter.getInstance() as Express).use(path, ...expressHandler(participant, callers));
      return;
    default:
      throw new ConcordatMisconfigured([
        `participants are served by Express and Fastify, not by ${adapter.getType()}`,
      ]);
  }
}

/** What is needed of each, so that nobody has to install both. */
interface Fastify {
  register(
    plugin: typeof fastifyParticipant,
    options: Parameters<typeof fastifyParticipant>[1] & { readonly prefix: string },
  ): PromiseLike<unknown>;
}

interface Express {
  use(path: string, ...handlers: ReturnType<typeof expressHandler>): unknown;
}
