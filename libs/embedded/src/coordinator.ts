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
// C3. A database of the application's may be out of reach at boot, and later: what needs it fails,
//     and is reported; nothing else waits for it. The journal's own is waited for.
// C4. While it closes, work that is still running can make no more statements: outside of its
//     global transaction they would be committed one by one.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { ConcordatClient } from '@concordat/client';
import type { Journal, ResourceManager } from '@concordat/engine';
import { defaultLimits, Engine, JournalUnavailable, systemTimers } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import { openJournal } from '@concordat/journal';
import type { Directory, InProcessParticipants, Registry } from '@concordat/participants';
import { TimeLimit, UrlAllowList } from '@concordat/participants';
import type { GlobalTransactionId } from '@concordat/protocols';
import { InvariantViolation } from '@concordat/protocols';
import type { Spared } from '@concordat/recovery';
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
import { Misused } from './errors.js';
import { GlobalTransactions } from './global-transactions.js';
import { Housekeeping } from './housekeeping.js';
import { JournalHome, LivesAtHome } from './journal-home.js';
import { LocalClient } from './local-client.js';
import type { LocalBranch } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';
import type { EmbeddedObserver, Reporting } from './observer.js';
import { reportingTo } from './observer.js';
import type { OpenParticipants } from './open-participants.js';
import { openParticipants } from './open-participants.js';
import type { Between, EmbeddedOperators } from './operators.js';
import { ResourceNames } from './resource-names.js';
import type { EmbeddedSettings } from './settings.js';
import { settingsOf } from './settings.js';

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
  /** Whoever serves the people who look after it. */
  readonly operators?: EmbeddedOperators;
}

export interface Embedded {
  readonly engine: Engine;
  readonly reader: OpenJournal['reader'];
  readonly recovery: Recovery;
  /** The databases that branches are prepared in, the application's own among them. */
  readonly resourceManagers: readonly ResourceManager[];
  readonly globalTransactions: GlobalTransactions;
  readonly directory: Directory;
  /** What the REST client can do, without HTTP. */
  readonly client: ConcordatClient;
  /** Resolves if the journal can be reached. @throws JournalUnavailable */
  readonly ping: () => Promise<void>;
  /** Takes up what has been left, and from then on looks after everything. */
  readonly start: () => void;
  /** Finishes what is under way, or leaves it to whoever comes next. */
  readonly close: () => Promise<void>;
}

const OWNER_RANDOM_BYTES = 4;
const STOP_MS = 1_500;
/** Nobody waits for ends to be written: the more there are in one append, the cheaper each is. */
const LAZY_MS = 50;
/** How long a database has to say at boot who it is (C3). */
const LOOK_TIMEOUT_MS = 5_000;
const LIMITS: BranchLimits = {
  branchesMax: defaultLimits.branchesMax,
  payloadBytesMax: 262_144,
};

/**
 * Waits for the journal's database and migrates it. Nothing is done before `start`.
 * @throws PostgresUnreachable, UnfitDatabase; Misused for a setting, a name or a database that
 *   cannot be
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const settings = settingsOf(options.settings);
  refuseDoubles(options);
  const journal = await openJournal({
    databaseUrl: options.databaseUrl,
    owner: ownerName(),
    poolSize: settings.journalConnectionsMax,
    waitMs: settings.databaseWaitMs,
  });
  try {
    await journal.migrate();
    return await openOn(journal, options, settings);
  } catch (error) {
    await journal.close();
    throw error;
  }
}

async function openOn(
  journal: OpenJournal,
  options: EmbeddedOptions,
  settings: EmbeddedSettings,
): Promise<Embedded> {
  const reporting = reportingTo(options.observer);
  const cluster = await journal.cluster();
  const { databases, stopLooking } = await openDatabases(options, cluster, reporting);
  const { troubled } = reporting;
  const reached = reachedBy(options, cluster, databases, troubled);
  const { directory, resourceManagers } = reached;
  const { operators } = options;
  const between = operators?.between(journal, troubled);
  const engine = engineOn(journal, reached.participants, settings, troubled, between);
  const lookedAfter = resourceManagers.map((one) => between?.resourceManager(one) ?? one);
  const found = { resourceManagers: lookedAfter, engine, settings, reporting };
  const recovery = recoveryOf({ journal, cluster, ...found });
  const own = { journal, cluster, databases, engine, settings, troubled };
  const globalTransactions = globalTransactionsOf(own);
  const keeping = new Housekeeping(journal, settings.retentionDays, troubled);
  enlistAll(databases);
  const registry = registeredIn(options, databases);
  const parts = { journal, cluster, participants: reached, registry, engine, recovery, troubled };
  await operators?.opened(parts);
  return {
    engine,
    reader: journal.reader,
    recovery,
    resourceManagers,
    directory,
    client: new LocalClient({
      engine,
      reader: journal.reader,
      directory,
      names: new ResourceNames(cluster, resourceManagers),
      limits: LIMITS,
    }),
    globalTransactions,
    ping: () => journal.reader.ping(),
    start: () => {
      engine.start();
      recovery.start();
      keeping.start();
      operators?.start();
    },
    close: once(async () => {
      stopLooking();
      await operators?.stop();
      const isIdle = await globalTransactions.close(STOP_MS);
      if (isIdle) for (const { dataSource } of databases) leave(dataSource); // C4
      await Promise.allSettled([engine.stop(STOP_MS), recovery.stop(), keeping.stop(STOP_MS)]);
      await Promise.allSettled([reached.close()]);
      await journal.close();
    }),
  };
}

function reachedBy(
  { participants, redisUrl, secret, inProcess }: EmbeddedOptions,
  cluster: string,
  databases: readonly OpenDatabase[],
  troubled: Reporting['troubled'],
): OpenParticipants {
  return openParticipants({
    registry: participants ?? new Map(),
    allowedUrls: UrlAllowList.of([]),
    cluster,
    redisUrl,
    secret,
    own: databases,
    ...(inProcess === undefined ? {} : { inProcess }),
    onTrouble: troubled,
  });
}

/** Whoever can be asked, the application's own databases among them. */
function registeredIn(
  { participants = new Map() }: EmbeddedOptions,
  databases: readonly OpenDatabase[],
): Registry {
  const own = databases.map(({ name, registration }) => [name, registration] as const);
  return new Map([...participants, ...own]);
}

/** However often it is called, it is done once. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

/** @throws Misused for a name that is registered twice, or a database that has two */
function refuseDoubles({ databases = {}, participants }: EmbeddedOptions): void {
  const seen = new Map<DataSource, string>();
  for (const [name, dataSource] of Object.entries(databases)) {
    if (participants?.has(name) === true) {
      throw new Misused(`"${name}" is a database of the application and a participant as well`);
    }
    const other = seen.get(dataSource);
    if (other !== undefined) throw new Misused(`"${other}" and "${name}" are one DataSource`);
    seen.set(dataSource, name);
  }
}

/** All of them, or none. @throws Misused */
function enlistAll(databases: readonly OpenDatabase[]): void {
  const done: DataSource[] = [];
  try {
    for (const one of databases) {
      enlist(one.dataSource, () => currentRunnerOf(one));
      done.push(one.dataSource);
    }
  } catch (error) {
    for (const dataSource of done) leave(dataSource);
    throw error;
  }
}

async function openDatabases(
  { databases = {}, databaseUrl }: EmbeddedOptions,
  cluster: string,
  { troubled }: Reporting,
): Promise<{ readonly databases: readonly OpenDatabase[]; readonly stopLooking: () => void }> {
  const home = new JournalHome(databaseUrl);
  const all = Object.entries(databases).map(([name, dataSource]) => {
    const report = (error: unknown): void => troubled(`look at ${name}`, error);
    const lives = new LivesAtHome(home, dataSource, report);
    const holdsJournal = (): boolean => lives.isKnown;
    return { lives, database: openDatabase({ name, dataSource, cluster, holdsJournal }) };
  });
  const limit = new TimeLimit(LOOK_TIMEOUT_MS);
  await Promise.all(all.map(({ lives }) => limit.bound(lives.find(), () => undefined)));
  return {
    databases: all.map(({ database }) => database),
    stopLooking: () => {
      for (const { lives } of all) lives.stop();
    },
  };
}

function engineOn(
  { journal, agenda, clock }: OpenJournal,
  participants: ConstructorParameters<typeof Engine>[0]['participants'],
  { leaseMs, sweepPeriodMs }: EmbeddedSettings,
  troubled: Reporting['troubled'],
  between: Between | undefined,
): Engine {
  const answered = between?.answered ?? (() => undefined);
  return new Engine(
    {
      journal,
      agenda,
      participants: between?.participants(participants) ?? participants,
      wakeups: { ring: () => undefined }, // the sweep finds everything that is due
      clock,
      timers: systemTimers,
      ids: { next: nextGtid },
      observer: { appended: () => undefined, answered, troubled },
    },
    {
      ...defaultLimits,
      lazyMs: LAZY_MS,
      leaseMs,
      sweepPeriodMs,
      stuckAttemptsMin: STUCK_ATTEMPTS_MIN,
    },
  );
}

function globalTransactionsOf(parts: {
  readonly journal: OpenJournal;
  readonly cluster: string;
  readonly databases: readonly OpenDatabase[];
  readonly engine: Engine;
  readonly settings: EmbeddedSettings;
  readonly troubled: Reporting['troubled'];
}): GlobalTransactions {
  const { journal, cluster, engine, databases, settings, troubled } = parts;
  const { clock } = journal;
  const limits = { databases: new Set(databases), endTimeoutMs: settings.voteTimeoutMs };
  return new GlobalTransactions({
    decisions: new Decisions(engine, settings),
    now: () => clock.now(),
    nextGtid,
    contextOf: (gtid, begunAt, deadlineMs) => {
      const overAt = performance.now() + deadlineMs;
      const remainingMs = (): number => overAt - performance.now();
      return new Context(gtid, begunAt, cluster, { remainingMs, ...limits });
    },
    lastResource: (branch) => lastResourceOf(branch, journal),
    limits: settings,
    troubled,
  });
}

function recoveryOf(parts: {
  readonly journal: OpenJournal;
  readonly cluster: string;
  readonly resourceManagers: readonly Spared[];
  readonly engine: Engine;
  readonly settings: EmbeddedSettings;
  readonly reporting: Reporting;
}): Recovery {
  const { journal, cluster, resourceManagers, engine, settings, reporting } = parts;
  const { scanPeriodMs, orphanAgeMs } = settings;
  return new Recovery(
    {
      resourceManagers,
      cluster,
      engine,
      forgottenBefore: () => journal.reader.forgottenBefore(),
      clock: journal.clock,
      timers: systemTimers,
      observer: reporting,
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
  { arriveWithin }: OpenJournal,
): Pick<Journal, 'append'> | undefined {
  if (lastResource === undefined) return undefined;
  return {
    append: async (entry) => {
      try {
        return await lastResource.commitWith(entry, arriveWithin);
      } catch (error) {
        if (error instanceof CertainlyRolledBack || error instanceof InvariantViolation)
          throw error;
        throw new JournalUnavailable('the end of the last resource is not known', { cause: error });
      }
    },
  };
}

function nextGtid(): GlobalTransactionId {
  return asGtid(uuidv7());
}

function ownerName(): string {
  return `${hostname()}:${process.pid}:${randomBytes(OWNER_RANDOM_BYTES).toString('hex')}`;
}
