// The one place where errors of requests are caught.
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import { JournalUnavailable } from '@concordat/engine';
import { InvariantViolation } from '@concordat/protocols';
import { cleaned } from '@concordat/wire';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { AllowedMethods } from './allowed-methods.js';
import { problemOf } from './problem-of.js';
import { ProblemError, PROBLEM_MEDIA_TYPE } from './problems.js';

export interface ProblemFilterOptions {
  readonly logger: Logger;
  readonly allowedMethods: AllowedMethods;
  readonly bodyBytesMax: number;
  /** The program is wrong: does not return. */
  readonly die: (violation: InvariantViolation) => never;
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly options: ProblemFilterOptions) {}

  catch(error: unknown, host: ArgumentsHost): FastifyReply {
    if (error instanceof InvariantViolation) this.options.die(error);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = problemOf(error, { request, ...this.options });
    if (error instanceof JournalUnavailable) this.log('warn', error, request);
    return sendProblem(reply, problem ?? this.unexpected(error, request));
  }

  private unexpected(error: unknown, request: FastifyRequest): ProblemError {
    const incident = uuidv7();
    this.log('error', error, request, incident);
    const detail =
      'It is not known what became of the request. The log of the coordinator says more.';
    return new ProblemError('internal', detail, { incident });
  }

  /** What a client is not told. Not the query: who mistakes it for a header puts secrets there. */
  private log(
    level: 'warn' | 'error',
    error: unknown,
    { method, url }: FastifyRequest,
    incident?: string,
  ): void {
    this.options.logger[level](
      { err: error, method, path: pathOf(url), incident },
      'a request has failed',
    );
  }
}

/** Of a URL, as it may be logged. */
export function pathOf(url: string): string {
  return cleaned(url.split('?', 1)[0] ?? '');
}

export function sendProblem(reply: FastifyReply, problem: ProblemError): FastifyReply {
  const document = problem.document();
  return reply
    .status(document.status)
    .headers(problem.headers)
    .type(PROBLEM_MEDIA_TYPE)
    .send(Buffer.from(JSON.stringify(document))); // to text, Fastify would add a charset
}
