// The global transaction that this code runs in: nothing is passed by hand.
//
// C1. Work that goes on after its global transaction has ended (a promise that nobody waited for)
//     is told so at its next statement: it must not run on as if nothing had been. If that comes
//     before the decision, there is no commit.
// C2. What comes too late is refused as well: after the deadline no more statements are run.
// C3. A local transaction of somebody else's, such as a barrier's, can be bound in the same way:
//     the statements of its database join it, and those of others are in whatever was around it.
// C4. A global transaction within another is part of that. What it has promised, all or nothing,
//     can be kept only by the whole: if it fails, the whole is rolled back.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { BranchId, GlobalTransactionId, Instant } from '@concordat/protocols';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { enlist, leave } from './enlisting.js';
import { Misused, messageOf, RolledBack } from './errors.js';
import type { Enlistment, LocalBranch } from './local-branch.js';

/** One of the application's databases, as the coordinator knows it. */
export interface Database {
  /** The participant, and the branch. */
  readonly name: BranchId;
  readonly dataSource: DataSource;
  readonly open: (enlistment: Enlistment) => LocalBranch;
}

export interface ContextLimits {
  /** Of its coordinator: no other knows how to end their branches. */
  readonly databases: ReadonlySet<Database>;
  /** How long the work may still take. */
  readonly remainingMs: () => number;
  /** How long a branch may take to end. */
  readonly endTimeoutMs: number;
}

export class Context {
  private readonly branches = new Map<Database, LocalBranch>();
  private isOver = false;
  private isUsedLate = false;
  private doomedBy: { readonly error: unknown } | undefined;

  constructor(
    readonly gtid: GlobalTransactionId,
    readonly begunAt: Instant,
    /** The journal's id, which is part of the names of prepared branches. */
    private readonly cluster: string,
    private readonly limits: ContextLimits,
  ) {}

  /** The query runner on which a statement for `database` must run. */
  runnerOf(database: Database): QueryRunner {
    this.requireOpen();
    const known = this.branches.get(database);
    if (known !== undefined) return known.runner;
    if (!this.limits.databases.has(database)) {
      throw new Misused(
        `the database "${database.name}" belongs to another coordinator than ${this.gtid}, ` +
          'the global transaction that this is in',
      );
    }
    const name = { cluster: this.cluster, gtid: this.gtid, branch: database.name };
    const mayGoOn = (): void => this.requireOpen();
    const branch = database.open({ name, mayGoOn, ...this.limits });
    this.branches.set(database, branch);
    return branch.runner;
  }

  get enlisted(): ReadonlyMap<Database, LocalBranch> {
    return this.branches;
  }

  /** @throws Misused (C1), RolledBack (C2) */
  requireOpen(): void {
    if (this.isOver) {
      this.isUsedLate = true;
      throw new Misused(`the global transaction ${this.gtid} is over: ${NOT_WAITED_FOR}`);
    }
    if (this.limits.remainingMs() > 0) return;
    throw new RolledBack(this.gtid, 'it has run out of time');
  }

  /** C4. */
  doom(error: unknown): void {
    this.doomedBy ??= { error };
  }

  /**
   * The work has returned: nothing more of it may follow.
   * @throws RolledBack, Misused if it must not be committed
   */
  end(): void {
    this.requireOpen();
    this.isOver = true;
    if (this.doomedBy !== undefined) {
      const { error: cause } = this.doomedBy;
      throw new RolledBack(this.gtid, `one within it has failed: ${messageOf(cause)}`, { cause });
    }
    for (const [{ name }, { trouble }] of this.branches) {
      if (trouble === undefined) continue;
      throw new RolledBack(this.gtid, `${name}: ${trouble.message}`, { cause: trouble });
    }
  }

  /** The work has failed, or is not waited for any longer. */
  abandon(): void {
    this.isOver = true;
  }

  /** @throws Misused (C1) */
  requireUnused(): void {
    if (this.isUsedLate) throw new Misused(NOT_WAITED_FOR);
  }
}

const NOT_WAITED_FOR = 'was a promise not waited for?';

/** C3. */
class Bound {
  constructor(
    readonly dataSource: DataSource,
    readonly runner: QueryRunner,
    readonly around: Context | Bound | undefined,
  ) {}
}

const storage = new AsyncLocalStorage<Context | Bound>();

/** The global transaction that this code runs in. */
export function currentContext(): Context | undefined {
  let current = storage.getStore();
  while (current instanceof Bound) current = current.around;
  return current;
}

/** Whether this code runs in a local transaction that is bound. */
export function isBound(): boolean {
  return storage.getStore() instanceof Bound;
}

/** The query runner that a statement of `database` must run on; undefined: one of its own. */
export function currentRunnerOf(database: Database): QueryRunner | undefined {
  return boundRunnerOf(database.dataSource) ?? currentContext()?.runnerOf(database);
}

/** The runner of the local transaction that is bound for this DataSource (C3). */
export function boundRunnerOf(dataSource: DataSource): QueryRunner | undefined {
  for (let one = storage.getStore(); one instanceof Bound; one = one.around) {
    if (one.dataSource === dataSource) return one.runner;
  }
  return undefined;
}

/**
 * Runs `work` so that the statements of `dataSource`, whoever makes them, join the local
 * transaction of `manager` (C3). The database must be one of the coordinator's, or be joined by
 * `joinBound`.
 */
export function runBound<Value>(
  dataSource: DataSource,
  { queryRunner }: EntityManager,
  work: () => Promise<Value>,
): Promise<Value> {
  if (queryRunner === undefined) throw new Misused('this manager is in no local transaction');
  return storage.run(new Bound(dataSource, unreleased(queryRunner), storage.getStore()), work);
}

/**
 * For a DataSource that is in no coordinator's global transactions: its statements join what is
 * bound. @returns what ends that
 */
export function joinBound(dataSource: DataSource): () => void {
  enlist(dataSource, () => boundRunnerOf(dataSource));
  return () => leave(dataSource);
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
