// The coordinator's HTTP face inside an application that has the coordinator in it: the dashboard,
// the operator API, the REST API and the guard in front of them, as they are served by itself.
//
//   const mounted = new MountedCoordinator({ apiKey });
//   ConcordatModule.forRoot({ mode: 'embedded', databaseUrl, operators: mounted });
//   app.use('/concordat', mounted.handle);      // before the application listens: /concordat/ui/
//
// M1. It has no port and no engine of its own: a request that the application hands over is routed
//     here, and what it does is done by the application's own engine.
// M2. Until the coordinator is open, and once it closes, it answers 503.
// M3. It must be mounted before whatever reads bodies: it reads them itself.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Between, EmbeddedOperators, OperatedParts } from '@concordat/embedded';
import { ResourceNames } from '@concordat/embedded';
import type { Answer, Question } from '@concordat/engine';
import { defaultLimits, systemTimers } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import type { Operations } from '@concordat/operations';
import { Pauses } from '@concordat/operations';
import { UrlAllowList, WebhookSender } from '@concordat/participants';
import type { InvariantViolation } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import pino from 'pino';
import { openAccess } from './access/open-access.js';
import type { AccessSettings } from './access/settings.js';
import { Health } from './health/health.js';
import { httpServer } from './http/server.js';
import { Metrics } from './metrics/metrics.js';
import { operationsOf, storeOf } from './operations/open-operations.js';
import { serveOperations } from './operations/serve-operations.js';
import { InitiatorRequests } from './transactions/initiator-requests.js';

export interface MountSettings extends Partial<Omit<AccessSettings, 'apiKey'>> {
  /** A key with every role, of at least 16 characters; with it the first other keys are made. */
  readonly apiKey: string;
  /** Where alerts may be sent; nowhere unless said. */
  readonly allowedUrls?: readonly string[];
  /** Networks, such as `10.1.0.0/16`, that names on that list may lead into. */
  readonly allowedNetworks?: readonly string[];
  readonly logger?: Logger;
}

const REQUESTS_PER_SECOND_MAX = 10_000;
const PAYLOAD_BYTES_MAX = 262_144;
const BODY_BYTES_MAX = 1_048_576;
const UNAVAILABLE = JSON.stringify({
  type: 'urn:concordat:problem:not-ready',
  title: 'The coordinator is not ready',
  status: 503,
});

interface Open {
  readonly fastify: FastifyInstance;
  readonly operations: Operations;
  readonly close: () => Promise<void>;
}

export class MountedCoordinator implements EmbeddedOperators {
  private readonly logger: Logger;
  private readonly webhooks: WebhookSender;
  private pauses: Pauses | undefined;
  private open: Open | undefined;

  constructor(private readonly settings: MountSettings) {
    this.logger = settings.logger ?? pino({ level: 'silent' });
    const { allowedUrls = [], allowedNetworks = [] } = settings;
    this.webhooks = new WebhookSender(UrlAllowList.of(allowedUrls, allowedNetworks));
  }

  /** For `app.use(path, …)` of Express, and of Nest on Express or Fastify (M3). */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.open !== undefined) return this.open.fastify.routing(request, response);
    response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1' });
    response.end(UNAVAILABLE); // M2
  };

  between(journal: OpenJournal, troubled: OperatedParts['troubled']): Between {
    const { run } = storeOf(journal);
    const pauses = new Pauses({ run, timers: systemTimers, troubled });
    this.pauses = pauses;
    return {
      participants: (participants) => pauses.holdingBack(participants),
      resourceManager: (one) => pauses.sparing(one),
      answered: (question, answer, tookMs) => this.answered(question, answer, tookMs),
    };
  }

  async opened(parts: OperatedParts): Promise<void> {
    const { pauses, settings, logger, webhooks } = this;
    assert(pauses !== undefined, 'what stands between is made before the engine');
    const access = { oidc: undefined, publicUrl: undefined, trustedProxies: [], ...settings };
    const { requestsPerSecondMax = REQUESTS_PER_SECOND_MAX } = settings;
    const config = { participants: parts.registry, access: { ...access, requestsPerSecondMax } };
    const operations = operationsOf({ ...parts, config, webhooks, pauses });
    const stopping = new AbortController();
    const opened = await openAccess(config.access, parts.journal, logger);
    const app = await httpServer(
      { ...apiParts(parts, () => stopping.signal.aborted), access: opened },
      {
        logger,
        die,
        bodyBytesMax: BODY_BYTES_MAX,
        isStopping: () => stopping.signal.aborted,
        guard: opened.guard,
        publicUrl: access.publicUrl,
        trustedProxies: access.trustedProxies,
      },
    );
    const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
    serveOperations(fastify, operations.routes, stopping.signal, (request) =>
      opened.guard.stillAdmits(request),
    );
    await app.init();
    await fastify.ready();
    await pauses.start(); // H1 of pauses.ts: before the engine asks anybody
    const close = async (): Promise<void> => {
      stopping.abort();
      await operations.stop();
      await app.close();
    };
    this.open = { fastify, operations, close };
  }

  start(): void {
    this.open?.operations.start();
  }

  async stop(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    this.pauses?.stop();
    await Promise.allSettled([open?.close(), this.webhooks.close()]);
  }

  private answered(question: Question, answer: Answer, tookMs: number): void {
    this.open?.operations.answered(question, answer, tookMs);
  }
}

/** The REST API's, of the application's own engine (M1). */
function apiParts(parts: OperatedParts, isStopping: () => boolean) {
  const { engine, journal, recovery, cluster, participants } = parts;
  const { branchesMax } = defaultLimits;
  const limits = { branchesMax, payloadBytesMax: PAYLOAD_BYTES_MAX };
  return {
    engine,
    reader: journal.reader,
    requests: new InitiatorRequests(participants.directory, limits),
    recovery,
    names: new ResourceNames(cluster, participants.resourceManagers),
    metrics: new Metrics(),
    health: new Health({
      pingPostgres: () => journal.reader.ping(),
      wakeups: { isHealthy: () => true }, // there are none: the sweep finds everything
      isStopping,
    }),
  };
}

/** The application's process is not ours to end: it sees the rejection. */
function die(violation: InvariantViolation): never {
  throw violation;
}
