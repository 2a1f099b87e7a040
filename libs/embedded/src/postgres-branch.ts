// A branch on Postgres, in this process.
//
//   begin ─▶ the application's statements ─┬─▶ ┌ its xid ─▶ PREPARE TRANSACTION ┐ one query
//                                          ├─▶ COMMIT          alone
//                                          └─▶ the decision ─▶ COMMIT           last resource
//
// P1. An end counts only if Postgres names it: COMMIT and PREPARE TRANSACTION of a transaction
//     that has failed are answered ROLLBACK, and raise no error.
// P2. An end with a warning is not known: a commit that gave up waiting for its standby is done
//     here, and can still be forgotten. So is one whose connection is lost.
// P3. A transaction that has written nothing is not prepared: that would force a write, and leave
//     something to be ended. Where no statement looks like a write, Postgres is asked; a function
//     may have written. Where one does and has not, something empty is prepared: harmless.
// P4. A session that hears nothing more in the middle of a transaction is ended by the server, and
//     lets go of its locks. Set once for a connection, which is used for nothing else.
import type { Entry } from '@concordat/engine';
import type { RunWithin } from '@concordat/journal';
import { gidOf } from '@concordat/wire';
import type { PoolClient, QueryResult } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import type { TakenRunner } from './enlisting.js';
import { takeRunner } from './enlisting.js';
import type { Enlistment, LastResource, LocalBranch, Vote } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';

export interface PostgresBranchOptions extends Enlistment {
  /** How long the server waits for the next statement (P4). */
  readonly idleTimeoutMs: number;
  /** The journal is in this very database. */
  readonly holdsJournal: boolean;
}

/** What POSTGRES_EVIDENCE tells, but for the server, which a connection does not change. */
const EVIDENCE = `
  select pg_current_xact_id_if_assigned()::text as xid,
         current_setting('synchronous_standby_names') <> ''
           and current_setting('synchronous_commit') not in ('off', 'local') as replicated`;
const SERVER = `
  select (select system_identifier from pg_control_system())
         || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as server`;
const LOOKS_LIKE_A_WRITE = /^\s*(insert|update|delete|merge)\b/i;

const COMMIT_FAILED = /^(22...|23...|40001|40P01|P0001)$/;
const UNIQUE_VIOLATION = '23505';
const SUCCESSFUL_COMPLETION = '00000'; // what a mere NOTICE bears

export class PostgresBranch implements LocalBranch {
  private readonly taken: TakenRunner<PoolClient>;
  private looksWritten = false;

  constructor(
    dataSource: DataSource,
    private readonly options: PostgresBranchOptions,
  ) {
    const { mayGoOn } = options;
    this.taken = takeRunner<PoolClient>(dataSource, {
      begin: async (client) => void (await this.begin(client)),
      onStatement: (text) => (this.looksWritten ||= LOOKS_LIKE_A_WRITE.test(text)),
      discard: (runner, _, error) => (runner as PostgresRunner).releasePostgresConnection(error),
      mayGoOn,
    });
  }

  get runner(): QueryRunner {
    return this.taken.runner;
  }

  get lastResource(): LastResource | undefined {
    return this.options.holdsJournal ? { commitWith: this.commitWith.bind(this) } : undefined;
  }

  async prepare(): Promise<Vote> {
    await this.taken.close('the global transaction is being voted on');
    const client = await this.taken.connection();
    if (!this.looksWritten && (await evidenceOf(client)).xid === null) {
      await this.rollback();
      return { type: 'read-only' };
    }
    const server = servers.get(client) ?? (await serverOf(client));
    const gid = gidOf(this.options.name);
    const [found] = await this.end(`${EVIDENCE}; prepare transaction '${gid}'`, 'PREPARE');
    const { xid, replicated } = (found?.rows[0] ?? NO_EVIDENCE) as Evidence;
    return { type: 'prepared', result: xid === null ? {} : { xid, server, replicated } };
  }

  async commit(): Promise<void> {
    await this.end('commit', 'COMMIT');
  }

  async rollback(): Promise<void> {
    await this.taken.close('the global transaction is rolled back');
    if (!this.taken.isBegun()) return;
    try {
      const client = await this.taken.connection();
      await client.query('rollback');
      await this.taken.release();
    } catch (error) {
      await this.taken.release(asError(error)); // the server notices that we are gone
    }
  }

  private begin(client: PoolClient): Promise<unknown> {
    const { idleTimeoutMs } = this.options;
    if (settled.has(client)) return client.query('begin');
    settled.add(client);
    return client.query(`set idle_in_transaction_session_timeout = ${idleTimeoutMs}; begin`);
  }

  private async commitWith(
    entry: Entry,
    arrive: (entry: Entry, run: RunWithin) => Promise<void>,
  ): Promise<'appended' | 'conflict'> {
    await this.taken.close('the global transaction is being committed');
    const client = await this.taken.connection();
    try {
      await arrive(entry, ({ name, text }, values) =>
        client.query({ name, text, values: [...values] }),
      );
    } catch (error) {
      await this.rollback();
      if (codeOf(error) === UNIQUE_VIOLATION) return 'conflict';
      throw new CertainlyRolledBack(messageOf(error), { cause: error });
    }
    await this.end('commit', 'COMMIT');
    return 'appended';
  }

  /**
   * Ends the transaction by `statement`, and gives the connection back.
   * @throws CertainlyRolledBack (P1), or whatever makes the end unknown (P2)
   */
  private async end(statement: string, tag: string): Promise<readonly QueryResult[]> {
    await this.taken.close('the global transaction has ended');
    const client = await this.taken.connection();
    const warnings: string[] = [];
    const onNotice = ({ code, message = 'a warning' }: Notice): void => {
      if (code !== SUCCESSFUL_COMPLETION) warnings.push(message);
    };
    client.on('notice', onNotice);
    try {
      const results = [await client.query(statement)].flat();
      if (warnings.length > 0) throw new Error(`ended with a warning: ${warnings.join('; ')}`);
      const answered = results.at(-1)?.command;
      if (answered !== tag) throw new CertainlyRolledBack('a statement had failed');
      await this.taken.release();
      return results;
    } catch (error) {
      throw await this.afterFailure(client, error);
    } finally {
      client.off('notice', onNotice);
    }
  }

  /** What a failed end means. The connection is given back, or thrown away. */
  private async afterFailure(client: PoolClient, error: unknown): Promise<unknown> {
    const isCertain = error instanceof CertainlyRolledBack || COMMIT_FAILED.test(codeOf(error));
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
    return new CertainlyRolledBack(messageOf(error), { cause: error });
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

/** Of each connection: the server it is to, and in which history of that. */
const servers = new WeakMap<PoolClient, string>();

async function serverOf(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ server: string }>(SERVER);
  const server = rows[0]?.server ?? '';
  servers.set(client, server);
  return server;
}

/** Connections whose idle timeout is set (P4). */
const settled = new WeakSet<PoolClient>();

interface Notice {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** TypeORM's own, which takes an error to throw the connection away. */
type PostgresRunner = QueryRunner & {
  releasePostgresConnection(error: Error): Promise<void>;
};

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
