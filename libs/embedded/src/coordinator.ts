// The coordinator inside an application: journal, engine, participants, recovery. No HTTP.
//
//   the journal's Postgres ──▶ journal ──┐
//   the application's databases ─────────┼──▶ engine ──▶ global transactions
//   participants in this process, HTTP ──┘      └──▶ recovery
//
// C1. Branches are prepared before the journal hears of their transaction (D1 of decisions.ts). So
//     here, unlike in the coordinator that stands alone, recovery rolls back what it finds prepared
//     under a name of its own cluster and has never heard of.
// C2. Other instances of the application may run beside this one, on the same journal: each drives
//     what it has begun, and takes over what another leaves.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { ConcordatClient } from '@concordat/client';
import type { Entry, Journal, ResourceManager } from '@concordat/engine';
import { defaultLimits, Engine, JournalUnavailable, systemTimers } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import { openJournal } from '@concordat/journal';
import type { Directory, InProcessParticipants, Registry } from '@concordat/participants';
import { UrlAllowList } from '@concordat/participants';
import type { GlobalTransactionId } from '@concordat/protocols';
import { InvariantViolation } from '@concordat/protocols';
import { defaultRecoveryLimits, Recovery } from '@concordat/recovery';
import type { BranchLimits } from '@concordat/wire';
import { asGtid, STUCK_ATTEMPTS_MIN } from '@concordat/wire';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Context, currentRunnerOf } from './context.js';
import type { OpenDatabase } from './databases.js';
import { openDatabase } from './databases.js';
import { Decisions } from './decisions.js';
import { enlist, leave } from './enlisting.js';
import { GlobalTransactions } from './global-transactions.js';
import { Housekeeping } from './housekeeping.js';
import { JournalHome } from './journal-home.js';
import { LocalClient } from './local-client.js';
import type { LocalBranch } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';
import { openParticipants } from './open-participants.js';
import { ResourceNames } from './resource-names.js';

export interface EmbeddedOptions {
  /** The journal's Postgres; may be one of the application's own databases. */
  readonly databaseUrl: string;
  /** The databases whose statements join global transactions, by the names of their branches. */
  readonly databases?: Readonly<Record<string, DataSource>>;
  /** Participants that are reached over HTTP, by name. */
  readonly participants?: Registry;
  /** Code of this process that takes part; the registry has its names. */
  readonly inProcess?: InProcessParticipants;
  /** Where the queues of participants are. */
  readonly redisUrl?: string | undefined;
  /** Signs every call over HTTP. */
  readonly secret?: string | undefined;
  readonly settings?: Partial<EmbeddedSettings>;
  readonly observer?: EmbeddedObserver;
}

export interface EmbeddedSettings {
  /** How long the work of a global transaction may take. */
  readonly deadlineMs: number;
  /** How long `run` waits for a decided transaction to end. */
  readonly endWaitMs: number;
  /** How long `run` tries to find out what has become of a decision. */
  readonly settleMs: number;
  /** Of one call of a database, when a branch is ended. */
  readonly callTimeoutMs: number;
  /** How old a prepared branch of ours is that nobody knows, when it is rolled back. */
  readonly orphanAgeMs: number;
  readonly scanPeriodMs: number;
  readonly sweepPeriodMs: number;
  readonly leaseMs: number;
  /** How long to wait at boot for a database that does not answer yet. */
  readonly databaseWaitMs: number;
  readonly journalConnectionsMax: number;
  /** For how long ended transactions, and so their decisions, are remembered. */
  readonly retentionDays: number;
}

export const defaultSettings: EmbeddedSettings = {
  deadlineMs: 30_000,
  endWaitMs: 5_000,
  settleMs: 10_000,
  callTimeoutMs: 5_000,
  orphanAgeMs: 10_000,
  scanPeriodMs: 5_000,
  sweepPeriodMs: 1_000,
  leaseMs: 5_000,
  databaseWaitMs: 60_000,
  journalConnectionsMax: 8,
  retentionDays: 30,
};

/** What people may want to know. */
export interface EmbeddedObserver {
  troubled(where: string, error: unknown): void;
}

export interface Embedded {
  readonly engine: Engine;
  readonly reader: OpenJournal['reader'];
  readonly recovery: Recovery;
  readonly globalTransactions: GlobalTransactions;
  readonly directory: Directory;
  /** What the REST client can do, without HTTP. */
  readonly client: ConcordatClient;
  /** Takes up what has been left, and from then on looks after everything. */
  start(): void;
  /** Finishes what is under way, or leaves it to whoever comes next. */
  close(): Promise<void>;
}

const OWNER_RANDOM_BYTES = 4;
const STOP_MS = 1_500;
const LIMITS: BranchLimits = {
  branchesMax: defaultLimits.branchesMax,
  payloadBytesMax: 262_144,
};

/**
 * Waits for the journal's database and migrates it. Nothing is done before `start`.
 * @throws PostgresUnreachable, UnfitDatabase; Misused for a database that cannot take part
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const settings = { ...defaultSettings, ...options.settings };
  const troubled = reporting(options.observer);
  const journal = await openJournal({
    databaseUrl: options.databaseUrl,
    owner: ownerName(),
    poolSize: settings.journalConnectionsMax,
    waitMs: settings.databaseWaitMs,
  });
  await journal.migrate();
  const cluster = await journal.cluster();
  const databases = await openDatabases(options, settings, cluster);
  const reached = openParticipants({
    registry: options.participants ?? new Map(),
    allowedUrls: UrlAllowList.of([]),
    cluster,
    redisUrl: options.redisUrl,
    secret: options.secret,
    own: databases,
    ...(options.inProcess === undefined ? {} : { inProcess: options.inProcess }),
    onTrouble: troubled,
  });
  const { directory, participants, resourceManagers } = reached;
  const engine = new Engine(
    {
      journal: journal.journal,
      agenda: journal.agenda,
      participants,
      wakeups: { ring: () => undefined }, // the sweep finds everything that is due
      clock: journal.clock,
      timers: systemTimers,
      ids: { next: nextGtid },
      observer: { appended: () => undefined, answered: () => undefined, troubled },
    },
    { ...defaultLimits, ...limitsOf(settings), stuckAttemptsMin: STUCK_ATTEMPTS_MIN },
  );
  const recovery = recoveryOf({ journal, cluster, resourceManagers, engine, settings, troubled });
  for (const database of databases) {
    enlist(database.dataSource, () => currentRunnerOf(database));
  }
  const keeping = new Housekeeping(journal, settings.retentionDays, troubled);
  return {
    engine,
    reader: journal.reader,
    recovery,
    directory,
    client: new LocalClient({
      engine,
      reader: journal.reader,
      directory,
      names: new ResourceNames(cluster, resourceManagers),
      limits: LIMITS,
    }),
    globalTransactions: new GlobalTransactions({
      decisions: new Decisions(engine, settings),
      now: () => journal.clock.now(),
      nextGtid,
      contextOf: (gtid, begunAt, deadlineMs) =>
        new Context(gtid, begunAt, cluster, () => journal.clock.now() > begunAt + deadlineMs),
      lastResource: (branch) => lastResourceOf(branch, journal),
      limits: settings,
    }),
    start: () => {
      engine.start();
      recovery.start();
      keeping.start();
    },
    close: async () => {
      keeping.stop();
      for (const { dataSource } of databases) leave(dataSource);
      await Promise.all([engine.stop(STOP_MS), recovery.stop()]);
      await reached.close();
      await journal.close();
    },
  };
}

async function openDatabases(
  { databases = {}, databaseUrl }: EmbeddedOptions,
  { deadlineMs }: EmbeddedSettings,
  cluster: string,
): Promise<readonly OpenDatabase[]> {
  const home = new JournalHome(databaseUrl);
  const idleTimeoutMs = 2 * deadlineMs;
  return Promise.all(
    Object.entries(databases).map(async ([name, dataSource]) => {
      const holdsJournal = await home.isIn(dataSource);
      return openDatabase({ name, dataSource, cluster, idleTimeoutMs, holdsJournal });
    }),
  );
}

function recoveryOf(parts: {
  readonly journal: OpenJournal;
  readonly cluster: string;
  readonly resourceManagers: readonly ResourceManager[];
  readonly engine: Engine;
  readonly settings: EmbeddedSettings;
  readonly troubled: (where: string, error: unknown) => void;
}): Recovery {
  const { journal, cluster, resourceManagers, engine, settings, troubled } = parts;
  const { scanPeriodMs, orphanAgeMs } = settings;
  return new Recovery(
    {
      resourceManagers,
      cluster,
      engine,
      forgottenBefore: () => journal.reader.forgottenBefore(),
      clock: journal.clock,
      timers: systemTimers,
      observer: { scanned: () => undefined, noted: () => undefined, troubled },
    },
    {
      policy: { orphans: 'roll-back', orphanAgeMs }, // C1
      limits: { ...defaultRecoveryLimits, scanPeriodMs },
    },
  );
}

/** The journal of one decision: the last resource's own transaction, if it can hold that. */
function lastResourceOf(
  { lastResource }: LocalBranch,
  journal: OpenJournal,
): Pick<Journal, 'append'> | undefined {
  if (lastResource === undefined) return undefined;
  const append = async (entry: Entry): Promise<'appended' | 'conflict'> => {
    try {
      return await lastResource.commitWith(entry, journal.arriveWithin);
    } catch (error) {
      if (error instanceof CertainlyRolledBack) throw error;
      throw new JournalUnavailable('the end of the last resource is not known', { cause: error });
    }
  };
  return { append };
}

function limitsOf({ leaseMs, sweepPeriodMs }: EmbeddedSettings) {
  return { leaseMs, sweepPeriodMs };
}

function reporting(observer: EmbeddedObserver | undefined) {
  return (where: string, error: unknown): void => {
    if (error instanceof InvariantViolation) throw error; // the program is wrong: let it end
    observer?.troubled(where, error);
  };
}

function nextGtid(): GlobalTransactionId {
  return asGtid(uuidv7());
}

function ownerName(): string {
  return `${hostname()}:${process.pid}:${randomBytes(OWNER_RANDOM_BYTES).toString('hex')}`;
}
