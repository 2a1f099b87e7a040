// A branch on Postgres, in this process.
//
//   ┌ begin, the first statement ┐ ─▶ others ─┬─▶ ┌ its xid, PREPARE TRANSACTION ┐
//   └ one round trip ────────────┘            ├─▶   COMMIT                           alone
//                                             └─▶ ┌ the decision, COMMIT ┐           last resource
//
// P1. An end counts only if Postgres names it: COMMIT and PREPARE TRANSACTION of a transaction
//     that has failed are answered ROLLBACK, and raise no error.
// P2. An end with a warning is not known: a commit that gave up waiting for its standby is done
//     here, and can still be forgotten. So is one whose connection is lost.
// P3. A transaction that has written nothing is not prepared: that would force a write, and leave
//     something to be ended. Where no statement looks like a write, Postgres is asked; a function
//     may have written. Where one does and has not, something empty is prepared: harmless. What
//     has only read is committed, for a serializable transaction may fail by that; what only
//     notifies does so before the decision.
// P4. A session that hears nothing more in the middle of a transaction is ended by the server, and
//     lets go of its locks: this process may be gone, and its host with it. That is set for the
//     transaction alone, for the connection is the application's.
// P5. The xid that votes is the evidence by which it can be found out later how the branch has
//     ended. A transaction that begins with a write is given one then, in the same round trip.
//     Which server it is, and whether its commits reach a standby, is asked of a connection once
//     a minute. Where they do, it is asked with each vote too; where they do not, nothing is
//     claimed.
import type { Entry } from '@concordat/engine';
import type { RunWithin } from '@concordat/journal';
import { gidOf } from '@concordat/wire';
import type { PoolClient, QueryResult, Submittable } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import pg from 'pg';
import { asError } from './errors.js';
import {
  beginWith,
  commitWith as commitTogether,
  Fixed,
  isRefusal,
  NotBegun,
  NotCommitted,
} from './joint-query.js';
import type { Enlistment, LastResource, LocalBranch, Vote } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';
import type { TakenRunner } from './taken-runner.js';
import { takeRunner } from './taken-runner.js';

export interface PostgresBranchOptions extends Enlistment {
  /** The journal is in this very database. */
  readonly holdsJournal: boolean;
}

const REPLICATED = `
  current_setting('synchronous_standby_names') <> ''
    and current_setting('synchronous_commit') not in ('off', 'local') as replicated`;
/** What POSTGRES_EVIDENCE tells, but for the server. */
const EVIDENCE = `select pg_current_xact_id_if_assigned()::text as xid, ${REPLICATED}`;
const SERVER = `
  select (select system_identifier from pg_control_system())
         || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as server, ${REPLICATED}`;
const LOOKS_LIKE_A_WRITE = /^\s*(insert|update|delete|merge)\b/i;

const COMMIT_FAILED = /^(22...|23...|40001|40P01|P0001)$/;
const UNIQUE_VIOLATION = '23505';
const SUCCESSFUL_COMPLETION = '00000'; // what a mere NOTICE bears

export class PostgresBranch implements LocalBranch {
  private readonly taken: TakenRunner<PoolClient>;
  private readonly beginning: string;
  private readonly idleMs: number;
  /** P5: known as soon as a transaction begins that will write. */
  private xid: string | null = null;
  private looksWritten = false;
  private client: PoolClient | undefined;
  /** Rejects if the transaction could not be begun; undefined before its first statement. */
  private begun: Promise<unknown> | undefined;

  constructor(
    dataSource: DataSource,
    private readonly options: PostgresBranchOptions,
  ) {
    const { isolationLevel } = dataSource.options;
    this.beginning =
      isolationLevel === undefined ? 'begin' : `begin isolation level ${isolationLevel}`;
    const idleMs = 2 * (Math.max(0, options.remainingMs()) + options.endTimeoutMs);
    this.idleMs = Math.ceil(idleMs / IDLE_STEP_MS) * IDLE_STEP_MS;
    const handling = {
      begin: (client: PoolClient) => this.begin(client),
      onStatement: (text: string) => (this.looksWritten ||= LOOKS_LIKE_A_WRITE.test(text)),
      isOver: (client: PoolClient) => client.getTransactionStatus() === 'I',
      isKnownToServer: isRefusal,
      discard: (runner: QueryRunner, _: PoolClient, error: Error) =>
        (runner as PostgresRunner).releasePostgresConnection(error),
    };
    this.taken = takeRunner<PoolClient>(dataSource, handling, options);
  }

  get runner(): QueryRunner {
    return this.taken.runner;
  }

  get isBegun(): boolean {
    return this.begun !== undefined;
  }

  get trouble(): Error | undefined {
    return this.taken.trouble();
  }

  get lastResource(): LastResource | undefined {
    return this.options.holdsJournal ? { commitWith: this.commitWith.bind(this) } : undefined;
  }

  async prepare(): Promise<Vote> {
    const client = await this.closed('the global transaction is being voted on');
    const server = await this.serverIfWritten(client);
    if (server === undefined) {
      await this.end(client, 'COMMIT', async () => [await client.query('commit')]);
      return { type: 'read-only' };
    }
    const { xid, replicated } = await this.prepared(client, server);
    return {
      type: 'prepared',
      result: xid === null ? {} : { xid, server: server.name, replicated },
    };
  }

  /** P5. */
  private async prepared(client: PoolClient, { replicated }: Server): Promise<Evidence> {
    const statement = `prepare transaction '${gidOf(this.options.name)}'`;
    const { xid } = this;
    if (xid !== null && !replicated) {
      await this.end(client, 'PREPARE', async () => [await client.query(statement)]);
      return { xid, replicated };
    }
    const [found] = await this.end(client, 'PREPARE', async () =>
      [await client.query(`${EVIDENCE}; ${statement}`)].flat(),
    );
    return (found?.rows[0] ?? NO_EVIDENCE) as Evidence;
  }

  async commit(): Promise<void> {
    const client = await this.closed('the global transaction is being committed');
    await this.end(client, 'COMMIT', async () => [await client.query('commit')]);
  }

  async rollback(): Promise<void> {
    await this.taken.close('the global transaction is rolled back');
    const { client } = this;
    if (this.taken.isReleased()) return; // the connection is somebody else's
    if (this.begun === undefined || client === undefined) return this.taken.release();
    try {
      await client.query('rollback');
      await this.taken.release();
    } catch (error) {
      await this.taken.release(asError(error)); // the server notices that we are gone
    }
  }

  /** @throws CertainlyRolledBack if there is no transaction any more */
  private async closed(because: string): Promise<PoolClient> {
    await this.taken.close(because);
    const { client } = this;
    if (client !== undefined && !this.taken.isReleased()) return client;
    const cause = this.taken.failure();
    throw new CertainlyRolledBack('its connection was lost before it could vote', { cause });
  }

  /** Which server it is; undefined if nothing was written (P3). @throws CertainlyRolledBack */
  private async serverIfWritten(client: PoolClient): Promise<Server | undefined> {
    try {
      await this.begun;
      if (!this.looksWritten && (await evidenceOf(client)).xid === null) return undefined;
      return knownServerOf(client) ?? (await serverOf(client));
    } catch (error) {
      await this.rollback(); // nothing was prepared yet
      throw new CertainlyRolledBack(reasonOf(error), { cause: error });
    }
  }

  /** What TypeORM speaks to: its first statement begins the transaction. */
  private begin(client: PoolClient): Promise<PoolClient> {
    this.client = client;
    const query = (text: unknown, values?: readonly unknown[]): unknown =>
      this.query(client, text, values);
    const spokenTo = new Proxy(client, {
      get: (target, key) => (key === 'query' ? query : (Reflect.get(target, key) as unknown)),
    });
    return Promise.resolve(spokenTo);
  }

  private query(client: PoolClient, text: unknown, values: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') return this.stream(client, text as Submittable);
    if (this.begun === undefined && values.length > 0) {
      const begun = beginWith(client, { text, values }, this.opening());
      this.begun = begun.catch(unlessBegun);
      this.begun.catch(ignore);
      return begun.then(({ result, rows }) => {
        this.xid = rows[0]?.[0] ?? null;
        return result;
      });
    }
    this.begun ??= client.query(openings(this.beginning, this.idleMs, false).join(';'));
    return this.begun.then(() => client.query(text, [...values]));
  }

  private opening(): Fixed {
    const { beginning, idleMs } = this;
    const votes = this.looksWritten && !this.options.holdsJournal;
    const key = `${beginning} ${idleMs} ${votes}`;
    const known = fixed.get(key);
    if (known !== undefined) return known;
    if (fixed.size >= FIXED_MAX) fixed.clear();
    const made = new Fixed(openings(beginning, idleMs, votes));
    fixed.set(key, made);
    return made;
  }

  /** It is answered at once, so that it can be listened to. */
  private stream(client: PoolClient, stream: Submittable): unknown {
    this.begun ??= client.query(openings(this.beginning, this.idleMs, false).join(';'));
    this.begun.catch(ignore);
    return client.query(stream);
  }

  private async commitWith(
    entry: Entry,
    arrive: (entry: Entry, run: RunWithin) => Promise<void>,
  ): Promise<'appended' | 'conflict'> {
    const client = await this.closed('the global transaction is being committed');
    try {
      await arrive(entry, (statement, values) =>
        this.end(client, 'COMMIT', () => commitTogether(client, { ...statement, values })),
      );
      return 'appended';
    } catch (error) {
      if (error instanceof CertainlyRolledBack && codeOf(error.cause) === UNIQUE_VIOLATION) {
        return 'conflict';
      }
      throw error;
    }
  }

  /**
   * Ends the transaction by the last of `statements`, and gives the connection back.
   * @throws CertainlyRolledBack (P1), or whatever makes the end unknown (P2)
   */
  private async end(
    client: PoolClient,
    tag: string,
    statements: () => Promise<readonly QueryResult[]>,
  ): Promise<readonly QueryResult[]> {
    const warnings: string[] = [];
    const onNotice = ({ code, message = 'a warning' }: Notice): void => {
      if (code !== SUCCESSFUL_COMPLETION) warnings.push(message);
    };
    client.on('notice', onNotice);
    try {
      await this.begun;
      const results = await statements();
      if (warnings.length > 0) throw new Error(`ended with a warning: ${warnings.join('; ')}`);
      const answered = results.at(-1)?.command;
      if (answered !== tag) throw new CertainlyRolledBack('a statement had failed');
      await this.taken.release();
      return results;
    } catch (error) {
      throw await this.afterFailure(client, tag, error);
    } finally {
      client.off('notice', onNotice);
    }
  }

  /** What a failed end means. The connection is given back, or thrown away. */
  private async afterFailure(client: PoolClient, tag: string, error: unknown): Promise<unknown> {
    const isCertain =
      error instanceof CertainlyRolledBack ||
      error instanceof NotBegun ||
      error instanceof NotCommitted ||
      COMMIT_FAILED.test(codeOf(error)) ||
      (tag === 'PREPARE' && isRefusal(error)); // what is prepared is never refused afterwards
    if (!isCertain) {
      await this.taken.release(asError(error));
      return error;
    }
    const isIdle = await client.query('rollback').then(
      () => true,
      () => false,
    );
    await this.taken.release(isIdle ? undefined : asError(error));
    if (error instanceof CertainlyRolledBack) return error;
    const cause = error instanceof NotCommitted ? error.cause : error;
    return new CertainlyRolledBack(reasonOf(cause), { cause });
  }
}

interface Evidence {
  /** It outlives the branch: `pg_xact_status` tells by it what became of it. */
  readonly xid: string | null;
  readonly replicated: boolean;
}

const NO_EVIDENCE: Evidence = { xid: null, replicated: false };

async function evidenceOf(client: PoolClient): Promise<Evidence> {
  const { rows } = await client.query<Evidence>(EVIDENCE);
  return rows[0] ?? NO_EVIDENCE;
}

/** P4, and P5 where it will write and vote. */
function openings(beginning: string, idleMs: number, votes: boolean): readonly string[] {
  const idle = 'idle_in_transaction_session_timeout';
  if (!votes) return [beginning, `set local ${idle} = ${idleMs}`];
  return [beginning, `select pg_current_xact_id()::text, set_config('${idle}', '${idleMs}', true)`];
}

const IDLE_STEP_MS = 1_000;
/** Few branches differ in how they begin. */
const FIXED_MAX = 100;
const fixed = new Map<string, Fixed>();

/** What a connection leads to. */
interface Server {
  /** And in which history of that. */
  readonly name: string;
  readonly replicated: boolean;
  readonly askedAt: number;
}

const SERVER_MS_MAX = 60_000;
const servers = new WeakMap<PoolClient, Server>();

function knownServerOf(client: PoolClient): Server | undefined {
  const known = servers.get(client);
  return known !== undefined && performance.now() - known.askedAt < SERVER_MS_MAX
    ? known
    : undefined;
}

async function serverOf(client: PoolClient): Promise<Server> {
  type Row = { readonly server: string; readonly replicated: boolean };
  const { rows } = await client.query<Row>(SERVER);
  const { server: name = '', replicated = true } = rows[0] ?? {};
  const server = { name, replicated, askedAt: performance.now() };
  servers.set(client, server);
  return server;
}

interface Notice {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** TypeORM's own, which takes an error to throw the connection away. */
type PostgresRunner = QueryRunner & {
  releasePostgresConnection(error: Error): Promise<void>;
};

function unlessBegun(error: unknown): void {
  if (error instanceof NotBegun) throw error; // nothing more must be run on this connection
}

function ignore(): void {}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** With its hint, which names the setting where one is to blame. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof pg.DatabaseError ? error.hint : undefined;
  return hint === undefined ? message : `${message}: ${hint}`;
}
