// A branch on MariaDB or MySQL, in this process: XA, on a connection of its own.
//
//   XA START ─▶ the application's statements ─▶ outcome row, XA END, XA PREPARE ─▶ held
//                                                                                   │
//                     the engine's order ──▶ on the connection that is held, or on another
//
// X1. XA START stands before the first statement, so a transaction of this kind is XA from its
//     beginning, also if it turns out to be alone: then it commits in one go.
// X2. Any statement that fails poisons the branch (B3 of xa-branch.ts), also one that the
//     application has caught: the server may have undone it alone.
// X3. Once prepared, the connection is kept for the order, for HOLD_MS at most: as long as it is
//     connected nobody else can end the branch. Then it is closed, and anybody can.
import type { Answer, Participants, Question } from '@concordat/engine';
import { outcomeRowEvidence, XaBranch } from '@concordat/participants';
import { assert } from '@concordat/protocols';
import type { BranchName } from '@concordat/wire';
import { gidOf, xidOf } from '@concordat/wire';
import type { DataSource, QueryRunner } from 'typeorm';
import type { TakenRunner } from './enlisting.js';
import { takeRunner } from './enlisting.js';
import type { Enlistment, LocalBranch, Vote } from './local-branch.js';
import { CertainlyRolledBack } from './local-branch.js';

const HOLD_MS = 2_000;

/** What TypeORM hands out: mysql2's connection of a pool. */
interface Connection {
  query(text: string, values: unknown, done: (error: Error | null, rows: unknown) => void): void;
  destroy(): void;
}

export class MysqlBranch implements LocalBranch {
  readonly lastResource = undefined;
  private readonly taken: TakenRunner<Connection>;
  private readonly xa: XaBranch;
  private connection: Connection | undefined;

  constructor(
    dataSource: DataSource,
    private readonly held: HeldBranches,
    private readonly enlistment: Enlistment,
    ensured: () => Promise<void>,
  ) {
    const { mayGoOn, name } = enlistment;
    this.taken = takeRunner<Connection>(dataSource, {
      begin: async (connection) => {
        this.connection = connection;
        await ensured();
        await this.xa.start();
      },
      discard: (_, connection) => connection.destroy(),
      mayGoOn,
    });
    this.xa = new XaBranch((text, values) => this.run(text, values), xidOf(name));
  }

  get runner(): QueryRunner {
    return this.taken.runner;
  }

  async prepare(): Promise<Vote> {
    await this.taken.close('the global transaction is being voted on');
    if (!this.taken.isBegun()) return { type: 'read-only' };
    const failure = this.taken.failure();
    if (failure !== undefined) this.xa.poisoned(failure);
    try {
      await this.xa.prepare();
    } catch (error) {
      if (!(await this.isRolledBack())) throw error;
      throw new CertainlyRolledBack(asError(error).message, { cause: error });
    }
    this.held.hold(this.enlistment.name, this.xa, this.taken);
    return { type: 'prepared', result: outcomeRowEvidence };
  }

  /** X1. */
  async commit(): Promise<void> {
    const vote = await this.prepare();
    if (vote.type === 'read-only') return;
    const order = await this.held.end(this.enlistment.name, 'commit');
    if (order !== 'ended') throw new Error('the reply to XA COMMIT was lost');
  }

  async rollback(): Promise<void> {
    await this.taken.close('the global transaction is rolled back');
    if (this.taken.isBegun()) await this.isRolledBack();
  }

  /** Whether the server has said so. */
  private async isRolledBack(): Promise<boolean> {
    try {
      await this.xa.rollback();
      await this.taken.release();
      return true;
    } catch (error) {
      await this.taken.release(asError(error));
      return false;
    }
  }

  private run(text: string, values?: string[]): Promise<unknown> {
    const { connection } = this;
    assert(connection !== undefined, 'a branch has its connection from its first statement on');
    return new Promise((resolve, reject) => {
      connection.query(text, values ?? [], (error, rows) =>
        error === null ? resolve(rows) : reject(error),
      );
    });
  }
}

interface Held {
  readonly xa: XaBranch;
  readonly taken: TakenRunner<Connection>;
  readonly timer: NodeJS.Timeout;
}

/** X3. The prepared branches whose connections are still here. */
export class HeldBranches {
  private readonly held = new Map<string, Held>();

  hold(name: BranchName, xa: XaBranch, taken: TakenRunner<Connection>): void {
    const timer = setTimeout(() => void this.letGo(name), HOLD_MS);
    this.held.set(gidOf(name), { xa, taken, timer });
  }

  /** @returns `ended` if it was told so; else another connection must find out */
  async end(name: BranchName, order: 'commit' | 'rollback'): Promise<'ended' | 'not-here'> {
    const one = this.take(name);
    if (one === undefined) return 'not-here';
    try {
      await one.xa[order]();
      await one.taken.release();
      return 'ended';
    } catch (error) {
      await one.taken.release(asError(error));
      return 'not-here';
    }
  }

  /** Closes every connection: the branches stay prepared, and anybody can end them. */
  async close(): Promise<void> {
    const all = [...this.held.values()];
    this.held.clear();
    await Promise.all(all.map((one) => closed(one)));
  }

  private async letGo(name: BranchName): Promise<void> {
    const one = this.take(name);
    if (one !== undefined) await closed(one);
  }

  private take(name: BranchName): Held | undefined {
    const key = gidOf(name);
    const one = this.held.get(key);
    this.held.delete(key);
    if (one !== undefined) clearTimeout(one.timer);
    return one;
  }
}

async function closed({ taken, timer }: Held): Promise<void> {
  clearTimeout(timer);
  await taken.release(new Error('the branch was held for long enough'));
}

/** Ends a branch on the connection that has prepared it, if that is here; else as any other. */
export class HeldFirst implements Participants {
  constructor(
    private readonly held: HeldBranches,
    private readonly cluster: string,
    private readonly others: Participants,
  ) {}

  async ask(question: Question): Promise<Answer> {
    const { gtid, call } = question;
    const { branch, operation } = call;
    if (operation !== 'commit' && operation !== 'rollback') return this.others.ask(question);
    const ended = await this.held.end({ cluster: this.cluster, gtid, branch }, operation);
    if (ended === 'not-here') return this.others.ask(question);
    return { type: 'reply', reply: { type: 'acknowledged' } };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
