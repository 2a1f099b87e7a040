// Nest on Fastify: routes, errors, documentation. What a request does is elsewhere.
import 'reflect-metadata';
import type { InvariantViolation } from '@concordat/protocols';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger as NestLogger, PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import type { Parts } from '../app.module.js';
import { AppModule } from '../app.module.js';
import { serveDocs } from '../docs/docs.js';
import { AllowedMethods } from './allowed-methods.js';
import { fastifyAdapter } from './fastify.js';
import { ProblemFilter } from './problem.filter.js';

export interface HttpOptions {
  readonly logger: Logger;
  readonly bodyBytesMax: number;
  readonly isStopping: () => boolean;
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
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(parts), adapter, {
    bodyParser: false,
    logger: nestLogger(logger),
  });
  app.useGlobalFilters(new ProblemFilter({ ...options, allowedMethods }));
  serveDocs(app);
  return app;
}

/** Nest tells its whole construction; only its worries are of interest. */
function nestLogger(logger: Logger): NestLogger {
  const params = { pinoHttp: { logger: logger.child({}, { level: 'warn' }) } };
  return new NestLogger(new PinoLogger(params), params);
}
