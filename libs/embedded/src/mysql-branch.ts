// A branch on MariaDB or MySQL, in this process: XA, on a connection of its own.
//
//   XA START ─▶ the application's statements ─┬─▶ outcome row, XA END, XA PREPARE ─▶ held
//                                             └─▶ XA END, XA COMMIT … ONE PHASE       alone
//
//   held ──the engine's order──▶ on the connection that is held, or on another (held-branches.ts)
//
// X1. XA START stands before the first statement, so a transaction of this kind is XA from its
//     beginning, also if it turns out to be alone: then it commits in one phase, and is never
//     prepared. So there is nothing that recovery could find, and presume upon.
// X2. Any statement that fails poisons the branch (B3 of xa-branch.ts), also one that the
//     application has caught: the server may have undone it alone.
// X3. What the server has refused is rolled back here. What is not known to be may be prepared;
//     its connection is closed, for as long as that is connected nobody else can end the branch.
import { outcomeRowEvidence, XaBranch } from '@concordat/participants';
import { assert } from '@concordat/protocols';
import { xidOf } from '@concordat/wire';
import type { DataSource, QueryRunner } from 'typeorm';
import { asError } from './errors.js';
import type { HeldBranches } from './held-branches.js';
import type { Enlistment, LocalBranch, Vote } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';
import type { MysqlConnection } from './mysql-connection.js';
import { brokenOff, statementOn } from './mysql-connection.js';
import type { TakenRunner } from './taken-runner.js';
import { takeRunner } from './taken-runner.js';

export class MysqlBranch implements LocalBranch {
  readonly lastResource = undefined;
  private readonly taken: TakenRunner<MysqlConnection>;
  private readonly xa: XaBranch;
  private connection: MysqlConnection | undefined;

  /** @param ensured that the table of outcome rows is there, before there is a connection */
  constructor(
    dataSource: DataSource,
    private readonly held: HeldBranches,
    private readonly enlistment: Enlistment,
    ensured: () => Promise<void>,
  ) {
    const handling = {
      ready: ensured,
      begin: async (connection: MysqlConnection) => {
        this.connection = connection;
        await this.isolate(connection, dataSource.options.isolationLevel);
        await this.xa.start();
        return connection;
      },
      isKnownToServer: () => true, // X2: whatever has failed
      discard: (_: QueryRunner, connection: MysqlConnection, error: Error) =>
        brokenOff(connection, error),
    };
    this.taken = takeRunner<MysqlConnection>(dataSource, handling, enlistment);
    this.xa = new XaBranch((text, values) => this.run(text, values), xidOf(enlistment.name));
  }

  get runner(): QueryRunner {
    return this.taken.runner;
  }

  get isBegun(): boolean {
    return this.taken.isBegun();
  }

  get trouble(): Error | undefined {
    return this.taken.trouble();
  }

  async prepare(): Promise<Vote> {
    const connection = await this.closed('the global transaction is being voted on');
    await this.ended(() => this.xa.prepare());
    this.held.hold(this.enlistment.name, connection, this.xa, this.taken);
    return { type: 'prepared', result: outcomeRowEvidence };
  }

  /** X1. */
  async commit(): Promise<void> {
    await this.closed('the global transaction is being committed');
    await this.ended(() => this.xa.commitOnePhase());
    await this.taken.release();
  }

  async rollback(): Promise<void> {
    await this.taken.close('the global transaction is rolled back');
    if (!this.taken.isReleased()) await this.isRolledBack();
  }

  /** @throws CertainlyRolledBack if there is no transaction any more */
  private async closed(because: string): Promise<MysqlConnection> {
    await this.taken.close(because);
    const { connection } = this;
    const failure = this.taken.failure();
    if (connection === undefined || this.taken.isReleased()) {
      await this.taken.release();
      const message = 'its connection was lost before it could vote';
      throw new CertainlyRolledBack(message, { cause: failure });
    }
    if (failure !== undefined) this.xa.poisoned(failure); // X2
    return connection;
  }

  /** X3. */
  private async ended(end: () => Promise<void>): Promise<void> {
    try {
      await end();
    } catch (error) {
      const { connection } = this;
      if (await this.isRolledBack()) {
        throw new CertainlyRolledBack(asError(error).message, { cause: error });
      }
      if (connection !== undefined) this.held.letGo(this.enlistment.name, connection);
      throw error;
    }
  }

  /** Whether the server has said so. Lets go of the connection in any case. */
  private async isRolledBack(): Promise<boolean> {
    if (this.taken.isReleased()) return false;
    try {
      await this.xa.rollback();
      await this.taken.release();
      return true;
    } catch (error) {
      await this.taken.release(asError(error));
      return false;
    }
  }

  private async isolate(connection: MysqlConnection, level: string | undefined): Promise<void> {
    if (level === undefined) return;
    await statementOn(connection, `set transaction isolation level ${level}`);
  }

  private run(text: string, values?: string[]): Promise<unknown> {
    assert(
      this.connection !== undefined,
      'a branch has its connection from its first statement on',
    );
    return statementOn(this.connection, text, values);
  }
}
