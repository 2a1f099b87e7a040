// The engine's port `Agenda` on Postgres.
import type { Agenda, Postponed, Postponement, Record } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import type { Database } from './database.js';
import type { DatabaseClock } from './database-clock.js';
import type { GroupCommitLimits } from './group-commit.js';
import { GroupCommit } from './group-commit.js';
import { isStorable } from './gtid.js';
import type { StateRow } from './record.js';
import { recordsOf } from './record.js';
import { HAND_OVER } from './statements/hand-over.js';
import type { PostponeRow } from './statements/postpone.js';
import { POSTPONE, postponeParameters } from './statements/postpone.js';
import { TAKE_DUE } from './statements/take-due.js';
import { TAKE } from './statements/take.js';

export class PostgresAgenda implements Agenda {
  private readonly postponements: GroupCommit<PostponeRow, Postponed>;

  /** @param owner names this instance in the rows that it leases */
  constructor(
    private readonly database: Database,
    private readonly clock: DatabaseClock,
    private readonly owner: string,
    limits: GroupCommitLimits,
  ) {
    this.postponements = new GroupCommit(
      { flush: (rows) => this.flush(rows), charactersIn: ({ attempts }) => attempts.length },
      limits,
    );
  }

  postpone({ attempts, ...postponement }: Postponement): Promise<Postponed> {
    return this.postponements.submit({ ...postponement, attempts: JSON.stringify(attempts) });
  }

  /** Sets the clock too: every sweep begins here. */
  async takeDue(limit: number, leaseMs: number): Promise<readonly Record[]> {
    await this.clock.refresh();
    return this.taken(await this.database.run<StateRow>(TAKE_DUE, [this.owner, leaseMs, limit]));
  }

  async take(gtid: GlobalTransactionId, leaseMs: number): Promise<Record | undefined> {
    if (!isStorable(gtid)) return undefined;
    const [record] = await this.taken(
      await this.database.run<StateRow>(TAKE, [this.owner, leaseMs, gtid]),
    );
    return record;
  }

  async handOver(): Promise<void> {
    await this.database.run(HAND_OVER, [this.owner]);
  }

  /** Resolves when every postponement that was asked for has been answered. */
  idle(): Promise<void> {
    return this.postponements.idle();
  }

  private async taken(rows: readonly StateRow[]): Promise<readonly Record[]> {
    const records = await recordsOf(this.database, rows);
    assert(records.length === rows.length, 'an unfinished transaction has its definition');
    return records;
  }

  /** The last postponement of a transaction is the one that counts. */
  private async flush(rows: readonly PostponeRow[]): Promise<readonly Postponed[]> {
    type Kept = { gtid: string };
    const last = new Map(rows.map((row) => [row.gtid, row]));
    const kept = await this.database.run<Kept>(POSTPONE, postponeParameters([...last.values()]));
    const gtids = new Set(kept.map(({ gtid }) => gtid));
    return rows.map(({ gtid }) => (gtids.has(gtid) ? 'postponed' : 'gone-on'));
  }
}
