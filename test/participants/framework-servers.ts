// One participant behind each of the frameworks, on a real server, at `/work`.
import type { RequestListener } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallerOptions, Participant } from '@concordat/participant-sdk';
import { nodeHandler } from '@concordat/participant-sdk';
import { expressHandler } from '@concordat/participant-sdk/express';
import { fastifyHandler, fastifyParticipant } from '@concordat/participant-sdk/fastify';
import type { RequestHandler } from 'express';
import express from 'express';
import Fastify from 'fastify';
import { afterAll } from 'vitest';
import { serve } from '../barrier/calling.js';

const PREFIX = '/work';

type Serving = (participant: Participant, options?: CallerOptions) => Promise<string>;

/** Each returns the URL of the participant; its server ends with the test file. */
export const frameworks: Readonly<Record<Framework, Serving>> = {
  node: async (participant, options) =>
    below(await serve(nodeHandler(participant, { prefix: PREFIX, ...options }))),
  express: (participant, options) => expressBehind([], participant, options),
  'express behind its parser': (participant, options) =>
    expressBehind([express.json({ limit: '1mb' })], participant, options),
  fastify: (participant, options) =>
    fastifyWith(async (app) => {
      await app.register(fastifyParticipant, { prefix: PREFIX, participant, ...options });
    }),
  /** In a route of the application, whose own parser has read the body. */
  'fastify behind its parser': (participant, options) =>
    fastifyWith((app) => {
      app.post(`${PREFIX}/:operation`, fastifyHandler(participant, options));
    }),
};

export type Framework =
  | 'node'
  | 'express'
  | 'express behind its parser'
  | 'fastify'
  | 'fastify behind its parser';

export const frameworkNames = Object.keys(frameworks) as readonly Framework[];

export async function expressBehind(
  parsers: readonly RequestHandler[],
  participant: Participant,
  options: CallerOptions = {},
): Promise<string> {
  const app = express().disable('x-powered-by');
  for (const parser of parsers) app.use(parser);
  app.use(PREFIX, expressHandler(participant, options));
  return below(await serve(app as RequestListener));
}

export async function fastifyWith(
  set: (app: ReturnType<typeof Fastify>) => Promise<void> | void,
): Promise<string> {
  const app = Fastify();
  await set(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  afterAll(() => app.close());
  return below(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
}

function below(url: string): string {
  return `${url}${PREFIX}`;
}

export interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Chunks go without Content-Length. */
  readonly body?: string | Uint8Array | readonly string[];
}

export interface Received {
  readonly status: number | undefined;
  /** In lower case and in order, without what a server says of itself. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const OF_THE_SERVER: ReadonlySet<string> = new Set(['date', 'keep-alive']);

/** Below fetch, which would mend what is sent and hide what is received. */
export function send(url: string, { path, method = 'POST', headers = {}, body }: Sent) {
  return new Promise<Received>((resolve, reject) => {
    const sending = request(`${url}${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const received = Object.entries(response.headers)
          .filter(([name]) => !OF_THE_SERVER.has(name))
          .map(([name, value]) => [name, String(value)] as const)
          .toSorted(([one], [other]) => one.localeCompare(other));
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, headers: received, body: text });
      });
    });
    sending.on('error', reject);
    if (Array.isArray(body)) {
      for (const chunk of body as readonly string[]) sending.write(chunk);
      sending.end();
    } else {
      sending.end(body);
    }
  });
}
