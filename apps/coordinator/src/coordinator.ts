// Puts the coordinator together and takes it apart again.
//
//   Postgres ──▶ journal ─────┐
//   queue ─────▶ wakeups ─────┼──▶ engine ──▶ HTTP ──▶ ready
//   registry ──▶ participants ┤      ▲
//                             └──▶ recovery
//
// Stopping goes the other way: new requests are refused, the engine finishes or hands over what is
// in flight, whoever waits is answered, and the connections are let go. Each of these has its time,
// because Postgres and Redis may be gone. None is needed for safety: a coordinator that is killed
// has lost nothing.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { OpenParticipants } from '@concordat/embedded';
import { openParticipants, ResourceNames } from '@concordat/embedded';
import type { Observer, Participants } from '@concordat/engine';
import { defaultLimits, Engine, systemTimers } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import { openJournal } from '@concordat/journal';
import type { Operations } from '@concordat/operations';
import { Pauses } from '@concordat/operations';
import { masked, WebhookSender } from '@concordat/participants';
import type { InvariantViolation } from '@concordat/protocols';
import { defaultRecoveryLimits, Recovery } from '@concordat/recovery';
import type { OpenWakeups } from '@concordat/wakeups';
import { openWakeups } from '@concordat/wakeups';
import { asGtid, STUCK_ATTEMPTS_MIN } from '@concordat/wire';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { openAccess } from './access/open-access.js';
import type { Config } from './config.js';
import { Health } from './health/health.js';
import { keepHouse } from './housekeeping.js';
import { httpServer } from './http/server.js';
import { Metrics } from './metrics/metrics.js';
import { LoggingObserver } from './observer.js';
import { operationsOf, storeOf } from './operations/open-operations.js';
import { serveOperations } from './operations/serve-operations.js';
import { LoggingRecoveryObserver } from './recovery-observer.js';
import { InitiatorRequests } from './transactions/initiator-requests.js';
import { withTimeout } from './with-timeout.js';

const OWNER_RANDOM_BYTES = 4;

const ENGINE_STOP_MS = 1_500;
const HAND_OVER_MS = 500;
const ANSWER_MS = 500;
const CLOSE_MS = 1_000;

export interface Coordinator {
  /** Where requests are served. */
  readonly url: string;
  /** Takes less than four seconds, whatever is gone. */
  stop(): Promise<void>;
}

export interface Surroundings {
  readonly logger: Logger;
  /** The program is wrong: ends the process. */
  readonly die: (violation: InvariantViolation) => never;
}

/** Resolves once requests are served; rejects if that cannot be, with the journal's reasons. */
export async function startCoordinator(
  config: Config,
  surroundings: Surroundings,
): Promise<Coordinator> {
  const { logger, die } = surroundings;
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const works = await worksOf(config, surroundings);
  const { journal, metrics, participants, engine, wakeups, recovery, operations } = works;
  const access = await openAccess(config.access, journal, logger);
  const pingPostgres = (): Promise<void> => journal.reader.ping();
  const parts = {
    engine,
    reader: journal.reader,
    requests: new InitiatorRequests(participants.directory, config.limits),
    recovery,
    names: new ResourceNames(works.cluster, participants.resourceManagers),
    metrics,
    access,
    health: new Health({ pingPostgres, wakeups, isStopping }),
  };
  const { bodyBytesMax } = config.limits;
  const { publicUrl, trustedProxies } = config.access;
  const options = { logger, die, bodyBytesMax, isStopping, publicUrl, trustedProxies };
  const app = await httpServer(parts, { ...options, guard: access.guard });
  const ending = new AbortController();
  serveOperations(app.getHttpAdapter().getInstance(), operations.routes, ending.signal, (request) =>
    access.guard.stillAdmits(request),
  );
  await works.pauses.start();
  await app.listen(config.port, config.host);
  engine.start();
  wakeups.start();
  recovery.start();
  operations.start();
  const endHousekeeping = keepHouse(journal, config.retentionDays, logger);

  return {
    url: await app.getUrl(),
    stop: async () => {
      stopping = true;
      ending.abort();
      endHousekeeping();
      works.pauses.stop();
      await Promise.all([
        bounded('operations', ENGINE_STOP_MS, operations.stop(), logger),
        bounded('engine', ENGINE_STOP_MS + HAND_OVER_MS, engine.stop(ENGINE_STOP_MS), logger),
        bounded('recovery', ENGINE_STOP_MS, recovery.stop(), logger),
      ]);
      await bounded('requests', ANSWER_MS, app.close(), logger);
      await Promise.all([
        bounded('participants', CLOSE_MS, participants.close(), logger),
        bounded('webhooks', CLOSE_MS, works.webhooks.close(), logger),
        bounded('wakeups', CLOSE_MS, wakeups.close(CLOSE_MS), logger),
        bounded('journal', CLOSE_MS, journal.close(), logger),
      ]);
    },
  };
}

/** All that there is but HTTP. Of it the journal alone is open, and nothing is started. */
interface Works {
  readonly journal: OpenJournal;
  readonly cluster: string;
  readonly metrics: Metrics;
  readonly participants: OpenParticipants;
  readonly engine: Engine;
  readonly wakeups: OpenWakeups;
  readonly recovery: Recovery;
  readonly pauses: Pauses;
  readonly operations: Operations;
  readonly webhooks: WebhookSender;
}

async function worksOf(config: Config, { logger, die }: Surroundings): Promise<Works> {
  const journal = await openMigratedJournal(config, logger);
  const cluster = await journal.cluster();
  const metrics = new Metrics();
  const logging = new LoggingObserver(logger, metrics, die);
  const taps: Observer['answered'][] = [];
  const observer: Observer = {
    appended: (entry) => logging.appended(entry),
    answered: (question, answer, tookMs) => {
      logging.answered(question, answer, tookMs);
      for (const tap of taps) tap(question, answer, tookMs);
    },
    troubled: (where, error) => logging.troubled(where, error),
  };
  const troubled = (where: string, error: unknown): void => observer.troubled(where, error);
  const participants = openParticipants({
    registry: config.participants,
    allowedUrls: config.allowedUrls,
    cluster,
    redisUrl: config.redisUrl,
    secret: config.participantSecret,
    onTrouble: troubled,
  });
  const { run } = storeOf(journal);
  const pauses = new Pauses({ run, timers: systemTimers, troubled });
  const asked = pauses.holdingBack(participants.participants);
  const { engine, wakeups } = engineOn(config, { journal, metrics, observer, participants: asked });
  const { scanPeriodMs, ...policy } = config.recovery;
  const recovery = new Recovery(
    {
      resourceManagers: participants.resourceManagers.map((one) => pauses.sparing(one)),
      cluster,
      engine,
      forgottenBefore: () => journal.reader.forgottenBefore(),
      clock: journal.clock,
      timers: systemTimers,
      observer: new LoggingRecoveryObserver(logger, metrics, troubled),
    },
    { policy, limits: { ...defaultRecoveryLimits, scanPeriodMs } },
  );
  const open = { journal, cluster, participants, engine, recovery, pauses };
  const webhooks = new WebhookSender(config.allowedUrls);
  const operations = operationsOf({ ...open, config, webhooks, troubled });
  taps.push(operations.answered);
  return { ...open, metrics, wakeups, operations, webhooks };
}

interface EngineParts {
  readonly journal: OpenJournal;
  readonly metrics: Metrics;
  readonly observer: Observer;
  readonly participants: Participants;
}

/** Neither of them is started. They need each other: the engine rings, and wakeups look. */
function engineOn(
  config: Config,
  { journal, metrics, observer, participants }: EngineParts,
): { readonly engine: Engine; readonly wakeups: OpenWakeups } {
  const wakeups = openWakeups({
    ...config.wakeups,
    clock: journal.clock,
    onWake: (gtid) => engine.wake(gtid),
    onTrouble: (where, error) => observer.troubled(where, error),
  });
  const engine: Engine = new Engine(
    {
      journal: metrics.counting(journal.journal),
      agenda: metrics.countingLeases(journal.agenda),
      participants,
      wakeups: wakeups.wakeups,
      clock: journal.clock,
      timers: systemTimers,
      ids: { next: () => asGtid(uuidv7()) },
      observer,
    },
    { ...defaultLimits, ...config.limits, stuckAttemptsMin: STUCK_ATTEMPTS_MIN },
  );
  metrics.watchInFlight(() => engine.inFlight());
  return { engine, wakeups };
}

async function openMigratedJournal(config: Config, logger: Logger): Promise<OpenJournal> {
  const { databaseUrl, databaseWaitMs, databaseConnectionsMax } = config;
  const database = masked(databaseUrl);
  const journal = await openJournal({
    databaseUrl,
    owner: ownerName(),
    poolSize: databaseConnectionsMax,
    waitMs: databaseWaitMs,
    onWaiting: (reason) => logger.info({ database, reason }, 'waiting for Postgres'),
    onConnectionLost: (error) => logger.info({ err: error }, 'an idle connection was lost'),
  });
  const applied = await journal.migrate();
  logger.info({ database, applied }, 'the journal is open');
  return journal;
}

/** Unique: in containers every process may be number 1. */
function ownerName(): string {
  return `${hostname()}:${process.pid}:${randomBytes(OWNER_RANDOM_BYTES).toString('hex')}`;
}

/** Waits for a step of stopping, but neither for long nor for its success. */
async function bounded(
  what: string,
  timeoutMs: number,
  work: Promise<void>,
  logger: Logger,
): Promise<void> {
  try {
    await withTimeout(timeoutMs, work);
  } catch (error) {
    logger.warn({ what, err: error }, 'left behind while stopping');
  }
}
