// One XA branch of a service or of an embedded coordinator, on a connection of its own.
//
//   idle ──start──▶ active ──prepare──▶ prepared ──commit, rollback──▶ ended
//                      └────────rollback, commit in one phase────────────▲
//
// B1. The connection belongs to the branch from `start` to `ended`: it is not given back to a pool
//     in between, for a reset after XA PREPARE makes MariaDB lose track of the branch.
// B2. It is ended here, or the connection is destroyed: as long as it is connected, nobody else can
//     end the branch on MariaDB.
// B3. Any statement of the branch that fails poisons it, and it can only be rolled back. The server
//     would not see to that: after a lock wait timeout (1205) it has undone the statement alone,
//     and prepares the rest. (A deadlock, 1213, it does refuse.)
// B4. The outcome row is written in the branch, before it is prepared. One that is there already
//     (1062) says that a branch of this name has committed.
import { assert } from '@concordat/protocols';
import type { Xid } from '@concordat/wire';
import { CREATE_OUTCOME_TABLE, insertOutcomeRow } from './statements/outcome-row.js';
import { xa } from './statements/xa.js';

/** Runs a statement on one connection: mysql2's `query`, or TypeORM's. Rejects if it fails. */
export type RunStatement<Result = unknown> = (text: string, values?: string[]) => Promise<Result>;

/** A statement of the branch has failed, so that it must not be prepared (B3). */
export class BranchPoisoned extends Error {
  override readonly name = 'BranchPoisoned';
}

/** Makes the table of the outcome rows, in the connection's database, unless it is there. */
export async function ensureOutcomeTable(run: RunStatement): Promise<void> {
  await run(CREATE_OUTCOME_TABLE);
}

export class XaBranch<Result = unknown> {
  private state: 'idle' | 'active' | 'prepared' | 'ended' = 'idle';
  private poison: Error | undefined;

  /** @param statement on the branch's own connection (B1) */
  constructor(
    private readonly statement: RunStatement<Result>,
    readonly xid: Xid,
  ) {}

  /** Rejects if the name is taken (1440), or if the connection is in a transaction (1400). */
  async start(): Promise<void> {
    assert(this.state === 'idle', 'a branch starts once');
    await this.statement(xa('start', this.xid));
    this.state = 'active';
  }

  /** Runs a statement of the branch; if it fails, the branch is poisoned (B3). */
  async run(text: string, values?: string[]): Promise<Result> {
    assert(this.state === 'active', 'statements belong to a branch that is active');
    try {
      return await this.statement(text, values);
    } catch (error) {
      throw this.poisoned(error);
    }
  }

  /** For statements that were run past `run`: what has failed. @returns the error to throw */
  poisoned(error: unknown): Error {
    const fault = error instanceof Error ? error : new Error(String(error));
    this.poison ??= fault;
    return fault;
  }

  /**
   * Writes the outcome row (B4), and prepares the branch.
   * @throws BranchPoisoned if a statement has failed; else what the server says. In both cases the
   *   branch is to be rolled back
   */
  async prepare(): Promise<void> {
    assert(this.state === 'active', 'a branch that is prepared is active');
    this.requireSound();
    const { text, values = [] } = insertOutcomeRow(this.xid);
    await this.run(text, [...values]);
    await this.statement(xa('end', this.xid));
    await this.statement(xa('prepare', this.xid));
    this.state = 'prepared';
  }

  /** Rejects without it being known whether it has committed, if the connection is lost. */
  async commit(): Promise<void> {
    assert(this.state === 'prepared', 'a branch that is committed is prepared');
    await this.statement(xa('commit', this.xid));
    this.state = 'ended';
  }

  /**
   * Commits a branch that has nobody to agree with, without preparing it.
   * @throws as `prepare` does; without it being known what it has done, if the connection is lost
   */
  async commitOnePhase(): Promise<void> {
    assert(this.state === 'active', 'a branch that is committed in one phase is active');
    this.requireSound();
    await this.statement(xa('end', this.xid));
    await this.statement(`${xa('commit', this.xid)} one phase`);
    this.state = 'ended';
  }

  /** From any state that it can be in; if it rejects, destroy the connection (B2). */
  async rollback(): Promise<void> {
    assert(this.state !== 'ended', 'a branch ends once');
    if (this.state === 'idle') return this.done();
    // Refused in a branch that has been ended already, or has run into a deadlock: no matter.
    if (this.state === 'active') await this.statement(xa('end', this.xid)).catch(() => undefined);
    await this.statement(xa('rollback', this.xid));
    this.done();
  }

  /** B3. */
  private requireSound(): void {
    if (this.poison === undefined) return;
    const message = `a statement has failed: ${this.poison.message}`;
    throw new BranchPoisoned(message, { cause: this.poison });
  }

  private done(): void {
    this.state = 'ended';
  }
}
