// Builds the journal from an address: one pool, and the ports that share it.
import type { Agenda, AuditLine, Clock, Entry, Journal } from '@concordat/engine';
import { assert } from '@concordat/protocols';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { DataSource } from 'typeorm';
import type { RunWithin } from './arrive-within.js';
import { arriveWithin } from './arrive-within.js';
import type { Run } from './database.js';
import { Database } from './database.js';
import { DatabaseClock } from './database-clock.js';
import { journalTable, transactionView } from './entities.js';
import { refuseUnfit } from './fitness.js';
import type { GroupCommitLimits } from './group-commit.js';
import { migrate } from './migrate.js';
import { PostgresAgenda } from './postgres-agenda.js';
import { PostgresJournal } from './postgres-journal.js';
import { Reader } from './reader.js';
import { Retention } from './retention.js';
import { AUDIT, auditParameters } from './statements/audit.js';
import { CLUSTER } from './statements/cluster.js';
import { waitForPostgres } from './wait-for-postgres.js';

export interface JournalOptions {
  readonly databaseUrl: string;
  /** Names this instance in the rows that it advances and leases. */
  readonly owner: string;
  readonly poolSize?: number;
  /** How long to wait for a database that is not there yet. */
  readonly waitMs?: number;
  /** We give up on an answer: not known whether it was written. Longer than the server's own. */
  readonly answerTimeoutMs?: number;
  readonly onWaiting?: (reason: string) => void;
  /** An idle connection was lost; the next statement opens another. */
  readonly onConnectionLost?: (error: Error) => void;
}

export interface OpenJournal {
  readonly journal: Journal;
  readonly agenda: Agenda;
  readonly reader: Reader;
  readonly clock: Clock;
  readonly retention: Retention;
  /** Names this journal: eight hexadecimal digits, the same for all who share it. */
  readonly cluster: () => Promise<string>;
  /** Writes a first version inside a local transaction of the caller's, on the same database. */
  readonly arriveWithin: (entry: Entry, run: RunWithin) => Promise<void>;
  /** For what is kept beside the journal: keys, approvals, pauses. Not for transactions. */
  readonly database: Pick<Database, 'run'>;
  /**
   * Does what a person has asked for, outside of any transaction's own append, and writes the audit
   * line in the same commit. What `work` throws undoes it, and is thrown on.
   */
  readonly audited: <T>(line: AuditLine, work: (run: Run) => Promise<T>) => Promise<T>;
  /** Brings the schema up to date and makes room for the days ahead. Call it before the others. */
  readonly migrate: () => Promise<readonly string[]>;
  /** Waits for what is being written, for at most two seconds, and closes the connections. */
  readonly close: () => Promise<void>;
}

const POOL_SIZE = 8;
const WAIT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 300_000;

/** The server gives up on a statement, and rolls it back. Waiting for a standby is no statement. */
const STATEMENT_TIMEOUT_MS = 10_000;

/**
 * Between the statements of one transaction we wait for nothing. Whoever is frozen there holds the
 * audit's head (statements/audit.ts), and nobody could act until he is thrown out.
 */
const IDLE_IN_TRANSACTION_MS = 10_000;

const ANSWER_TIMEOUT_MS = 15_000;

const LIMITS: GroupCommitLimits = {
  itemsPerFlushMax: 256,
  charactersPerFlushMax: 4_000_000,
  waitingMax: 20_000,
};

// The tables change from empty to large and back within seconds, so what the planner believes of
// them is often wrong. Every statement here goes by an index; without these settings a plan that
// was made while a table was empty would read it whole later.
const SESSION_SETTINGS = `
  set enable_seqscan = off;
  set enable_hashjoin = off;
  set enable_mergejoin = off;
  set jit = off;
  set statement_timeout = ${STATEMENT_TIMEOUT_MS};
  set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`;

/**
 * Waits for the database and makes sure that decisions can be kept there.
 * @throws PostgresUnreachable, UnfitDatabase
 */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  const { databaseUrl, owner, waitMs = WAIT_MS, onWaiting = () => undefined } = options;
  await waitForPostgres({ databaseUrl, timeoutMs: waitMs, onWaiting });
  const dataSource = await dataSourceFor(options).initialize();
  try {
    const database = Database.of(dataSource);
    await refuseUnfit(database);
    const clock = await DatabaseClock.open(database);
    const journal = new PostgresJournal(database, owner, LIMITS);
    const agenda = new PostgresAgenda(database, clock, owner, LIMITS);
    const retention = new Retention(dataSource, database, clock);
    return {
      journal,
      agenda,
      reader: new Reader(dataSource, database),
      clock,
      retention,
      cluster: () => clusterOf(database),
      database,
      audited: (line, work) =>
        database.transaction(async (run) => {
          const done = await work(run);
          await run(AUDIT, auditParameters(line));
          return done;
        }),
      arriveWithin: (entry, run) => arriveWithin(owner, entry, run),
      migrate: async () => {
        const applied = await migrate(databaseUrl);
        await retention.ensurePartitions();
        return applied;
      },
      close: async () => {
        const closed = Promise.all([journal.idle(), agenda.idle()]).then(() =>
          dataSource.destroy(),
        );
        await Promise.race([closed, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
      },
    };
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

async function clusterOf(database: Database): Promise<string> {
  const [row] = await database.run<{ id: string }>(CLUSTER, []);
  assert(row !== undefined, 'a migrated journal has an id');
  return row.id;
}

function dataSourceFor(options: JournalOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.databaseUrl,
    schema: 'concordat',
    entities: [transactionView, journalTable],
    applicationName: `concordat ${options.owner}`,
    poolSize: options.poolSize ?? POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    poolErrorHandler: (error: Error) => options.onConnectionLost?.(error),
    installExtensions: false,
    logging: false,
    extra: {
      onConnect: (client: ClientBase) => client.query(SESSION_SETTINGS),
      keepAlive: true,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      query_timeout: options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
    },
  });
}
