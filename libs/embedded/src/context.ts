// The global transaction that this code runs in: nothing is passed by hand.
//
// C1. Work that goes on after its global transaction has ended (a promise that nobody waited for)
//     is told so at its next statement. It must not run on as if nothing had been.
// C2. What comes too late is refused as well: after the deadline no more statements are run.
// C3. A local transaction of somebody else's, such as a barrier's, can be bound in the same way:
//     the statements of its database join it, and those of others are none of its business.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { BranchId, GlobalTransactionId, Instant } from '@concordat/protocols';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { Misused } from './errors.js';
import type { Enlistment, LocalBranch } from './local-branch.js';

/** One of the application's databases, as the coordinator knows it. */
export interface Database {
  /** The participant, and the branch. */
  readonly name: BranchId;
  readonly dataSource: DataSource;
  readonly open: (enlistment: Enlistment) => LocalBranch;
}

export class Context {
  private readonly branches = new Map<Database, LocalBranch>();
  private over: string | undefined;

  constructor(
    readonly gtid: GlobalTransactionId,
    readonly begunAt: Instant,
    /** The journal's id, which is part of the names of prepared branches. */
    private readonly cluster: string,
    private readonly isPastDeadline: () => boolean,
  ) {}

  /** The query runner on which a statement for `database` must run. */
  runnerOf(database: Database): QueryRunner {
    this.requireOpen();
    const known = this.branches.get(database);
    if (known !== undefined) return known.runner;
    const name = { cluster: this.cluster, gtid: this.gtid, branch: database.name };
    const branch = database.open({ name, mayGoOn: () => this.requireOpen() });
    this.branches.set(database, branch);
    return branch.runner;
  }

  get enlisted(): ReadonlyMap<Database, LocalBranch> {
    return this.branches;
  }

  /** @throws Misused (C1, C2) */
  requireOpen(): void {
    if (this.over !== undefined) throw new Misused(this.over);
    if (!this.isPastDeadline()) return;
    throw new Misused(`the global transaction ${this.gtid} has run out of time`);
  }

  /** C1. Statements that are in the line already are still run. */
  end(): void {
    this.over = `the global transaction ${this.gtid} is over: was a promise not waited for?`;
  }
}

/** C3. */
class Bound {
  constructor(
    readonly dataSource: DataSource,
    readonly runner: QueryRunner,
  ) {}
}

const storage = new AsyncLocalStorage<Context | Bound>();

/** The global transaction that this code runs in. */
export function currentContext(): Context | undefined {
  const current = storage.getStore();
  return current instanceof Context ? current : undefined;
}

/** The query runner that a statement of `database` must run on; undefined: one of its own. */
export function currentRunnerOf(database: Database): QueryRunner | undefined {
  const current = storage.getStore();
  if (current instanceof Context) return current.runnerOf(database);
  return current?.dataSource === database.dataSource ? current.runner : undefined;
}

/**
 * Runs `work` so that the statements of `dataSource`, whoever makes them, join the local
 * transaction of `manager` (C3). The database must be one of the coordinator's.
 */
export function runBound<Value>(
  dataSource: DataSource,
  { queryRunner }: EntityManager,
  work: () => Promise<Value>,
): Promise<Value> {
  if (queryRunner === undefined) throw new Misused('this manager is in no local transaction');
  return storage.run(new Bound(dataSource, unreleased(queryRunner)), work);
}

/** TypeORM releases a runner after each statement that it was not given one for; not this one. */
function unreleased(runner: QueryRunner): QueryRunner {
  const release = (): Promise<void> => Promise.resolve();
  return Object.create(runner, { release: { value: release } }) as QueryRunner;
}

export function runIn<Value>(context: Context, work: () => Promise<Value>): Promise<Value> {
  return storage.run(context, work);
}

/** For what is not the application's: the journal's own statements belong to no context. */
export function runOutside<Value>(work: () => Promise<Value>): Promise<Value> {
  return storage.exit(work);
}
