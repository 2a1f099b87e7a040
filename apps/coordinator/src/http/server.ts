// Nest on Fastify: routes, errors, documentation. What a request does is elsewhere.
import 'reflect-metadata';
import { fastifyCookie } from '@fastify/cookie';
import type { InvariantViolation } from '@concordat/protocols';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger as NestLogger, PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import type { Guard } from '../access/guard.js';
import type { Parts } from '../app.module.js';
import { AppModule } from '../app.module.js';
import { serveDocs } from '../docs/docs.js';
import { serveUi } from '../ui/ui.js';
import { AllowedMethods } from './allowed-methods.js';
import { fastifyAdapter } from './fastify.js';
import { guardBrowsers } from './headers.js';
import { ProblemFilter } from './problem.filter.js';

export interface HttpOptions {
  readonly logger: Logger;
  readonly bodyBytesMax: number;
  readonly isStopping: () => boolean;
  readonly trustedProxies?: readonly string[];
  readonly guard: Guard;
  /** Where people reach us, if that is set. */
  readonly publicUrl?: string | undefined;
  readonly die: (violation: InvariantViolation) => never;
}

/** Not listening yet. */
export async function httpServer(
  parts: Parts,
  options: HttpOptions,
): Promise<NestFastifyApplication> {
  const { logger, ...limits } = options;
  const adapter = fastifyAdapter(limits);
  const allowedMethods = new AllowedMethods(adapter.getInstance());
  guardBrowsers(adapter.getInstance(), options.publicUrl);
  options.guard.standBefore(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(parts), adapter, {
    bodyParser: false,
    logger: nestLogger(logger),
  });
  await app.register(fastifyCookie, { hook: false }); // cookies.ts reads those that it needs
  app.useGlobalFilters(new ProblemFilter({ ...options, allowedMethods }));
  serveDocs(app);
  serveUi(adapter.getInstance());
  return app;
}

/** Nest tells its whole construction; only its worries are of interest. */
function nestLogger(logger: Logger): NestLogger {
  const params = { pinoHttp: { logger: logger.child({}, { level: 'warn' }) } };
  return new NestLogger(new PinoLogger(params), params);
}
