// The application's databases: a TypeORM DataSource, as a branch in this process and as a resource
// manager that the engine and recovery end branches in.
import type { Participants, ResourceManager } from '@concordat/engine';
import { isId } from '@concordat/wire';
import type { Registration } from '@concordat/participants';
import {
  ensureOutcomeTable,
  MysqlResourceManager,
  PostgresResourceManager,
} from '@concordat/participants';
import type { BranchId } from '@concordat/protocols';
import type { DataSource } from 'typeorm';
import type { Database } from './context.js';
import { originalRunnerOf } from './enlisting.js';
import { messageOf, Misused } from './errors.js';
import { HeldBranches, HeldFirst } from './held-branches.js';
import { MysqlBranch } from './mysql-branch.js';
import { OrdersFirst } from './orders-first.js';
import { PostgresBranch } from './postgres-branch.js';

/** A database of the application's, with all that the coordinator needs of it. */
export interface OpenDatabase extends Database {
  readonly registration: Registration;
  readonly resourceManager: ResourceManager;
  /** Who ends its branches. */
  readonly participants: Participants;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly name: string;
  readonly dataSource: DataSource;
  readonly cluster: string;
  /** Whether decisions can be written in its own transactions, as far as that is known. */
  readonly holdsJournal: () => boolean;
}

/** @throws Misused for a kind of database that cannot be left prepared */
export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const { name, dataSource } = options;
  requireId(name);
  const { type } = dataSource.options;
  if (type === 'postgres') return openPostgres(options);
  if (type === 'mysql' || type === 'mariadb') return openMysql(options);
  throw new Misused(
    `the database "${name}" is ${type}, which cannot be left prepared: ` +
      'global transactions need postgres, mysql or mariadb',
  );
}

/** @throws Misused for a name that cannot be part of a gid */
function requireId(name: string): void {
  if (isId(name)) return;
  throw new Misused(`a database may not be called "${String(name)}": A-Z a-z 0-9 _ . -`);
}

function openPostgres(options: DatabaseOptions): OpenDatabase {
  const { name, dataSource, cluster, holdsJournal } = options;
  const url = urlOf(dataSource, 'postgres');
  const resourceManager = new PostgresResourceManager({ name, url, cluster });
  const orders = new OrdersFirst(url, cluster, resourceManager);
  return {
    name: name as BranchId,
    dataSource,
    registration: { kind: 'postgres', url },
    resourceManager,
    participants: orders,
    open: (enlistment) =>
      new PostgresBranch(dataSource, { ...enlistment, holdsJournal: holdsJournal() }),
    close: async () => {
      await orders.close();
      await resourceManager.close();
    },
  };
}

function openMysql({ name, dataSource, cluster }: DatabaseOptions): OpenDatabase {
  const url = urlOf(dataSource, 'mysql');
  const resourceManager = new MysqlResourceManager({ name, url, cluster });
  const held = new HeldBranches((threadId) => isConnected(dataSource, threadId));
  const ensured = onceDone(() => ensureOutcomes(name, dataSource));
  return {
    name: name as BranchId,
    dataSource,
    registration: { kind: 'mysql', url },
    resourceManager,
    participants: new HeldFirst(held, cluster, resourceManager),
    open: (enlistment) => new MysqlBranch(dataSource, held, enlistment, ensured),
    close: async () => {
      await held.close();
      await resourceManager.close();
    },
  };
}

const OUTCOME_TABLE_IS_THERE = 'select 1 from concordat_outcome limit 0';

/** Each branch proves its commit by a row in a table of ours, which must be there. */
async function ensureOutcomes(name: string, dataSource: DataSource): Promise<void> {
  const runner = originalRunnerOf(dataSource);
  let statement = '';
  try {
    await runner.query(OUTCOME_TABLE_IS_THERE).catch(() =>
      ensureOutcomeTable((text) => {
        statement = text.trim();
        return runner.query(text);
      }),
    );
  } catch (error) {
    const message = `the database "${name}" has no table concordat_outcome`;
    throw new Misused(`${message}, and it could not be made (${messageOf(error)}): ${statement}`, {
      cause: error,
    });
  } finally {
    await runner.release();
  }
}

async function isConnected(dataSource: DataSource, threadId: number): Promise<boolean> {
  const runner = originalRunnerOf(dataSource);
  try {
    const rows: unknown = await runner.query(
      'select id from information_schema.processlist where id = ?',
      [threadId],
    );
    return !Array.isArray(rows) || rows.length > 0;
  } finally {
    await runner.release();
  }
}

/** Does it once; again after it has failed. */
function onceDone(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}

interface Address {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: unknown;
  readonly database?: string;
}

/** Where a DataSource is: the branches that it prepares are ended on connections beside its own. */
function urlOf({ options }: DataSource, scheme: 'postgres' | 'mysql'): string {
  const { url, host = 'localhost', port, username, password, database } = options as Address;
  if (url !== undefined) return url;
  const parsed = new URL(`${scheme}://localhost`);
  parsed.hostname = host;
  if (port !== undefined) parsed.port = String(port);
  if (username !== undefined) parsed.username = encodeURIComponent(username);
  if (typeof password === 'string') parsed.password = encodeURIComponent(password);
  parsed.pathname = `/${encodeURIComponent(database ?? '')}`;
  return parsed.href;
}
