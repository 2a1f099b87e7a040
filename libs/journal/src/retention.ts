// Which days the journal has room for, and which it may forget.
//
//   forgotten │ kept                       │ today │ a week ahead
//   ──────────┼───────┬───────┬─ … ─┬──────┼───────┼──────┬─ … ─┐   and `default`, for the rest
//
// R1. No append fails for want of a partition: what fits nowhere goes to the default partition. A
//     day of which that holds rows gets no partition of its own any more, so rows are never moved
//     and `attach` finds nothing to scan; they leave by small deletes instead of a drop.
// R2. A day is dropped only if nothing that is unfinished began in it. That is looked up under the
//     lock under which it is dropped.
// R3. What is dropped is noted in the same transaction: to an id from before that time, "not
//     found" does not mean "never heard of". Age counts from the beginning of a transaction.
// R4. No append waits for long: a lock that is not had at once is tried again the next time.
import type { Instant } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import type { DataSource, EntityManager } from 'typeorm';
import type { Database, Statement } from './database.js';
import { failureOf } from './database.js';
import type { DatabaseClock } from './database-clock.js';
import { isLockTimeout } from './lock-timeout.js';
import type { Day } from './partitions.js';
import { creationOf, dayOf, dayOfPartition, PARTITIONED, removalOf } from './partitions.js';
import { FORGET_KEYS } from './statements/forget-keys.js';
import { FORGET_STRAYS } from './statements/forget-strays.js';

/** Yesterday, for clocks that are behind the database's, and a week in which nobody may sweep. */
const DAYS_OFFERED = [-1, 0, 1, 2, 3, 4, 5, 6, 7] as const;

const LOCK_TIMEOUT_MS = 200;
const ROWS_PER_STEP = 1_000;
const STEPS_MAX = 1_000;

/** What one call of `forget` has done; days as in `20261120`. */
export interface Forgotten {
  /** Old days that are gone now. */
  readonly days: readonly string[];
  /** Old days that are still there, because something began in them that has not ended. */
  readonly kept: readonly string[];
  readonly keys: number;
  /** Transactions for whose day there was no partition. */
  readonly strays: number;
}

/** Safe to call from several instances at once. Rejects with JournalUnavailable. */
export class Retention {
  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
    private readonly clock: DatabaseClock,
  ) {}

  /** Makes room for the days around today. Returns the days that were made. */
  async ensurePartitions(): Promise<readonly string[]> {
    const existing = new Set((await this.days()).map(({ suffix }) => suffix));
    const made: string[] = [];
    for (const offset of DAYS_OFFERED) {
      const day = dayOf(this.clock.now(), offset);
      if (existing.has(day.suffix)) continue;
      if (await this.unlessBusy((manager) => makeRoom(manager, day))) made.push(day.suffix);
    }
    return made;
  }

  /** Forgets transactions that began at least `olderThanMs` ago, by whole days. */
  async forget(olderThanMs: number): Promise<Forgotten> {
    const firstKept = dayOf((this.clock.now() - olderThanMs) as Instant);
    const { lowestId, startsAt } = firstKept;
    const keys = await this.inSteps(FORGET_KEYS, [lowestId, ROWS_PER_STEP]);
    const strays = await this.inSteps(FORGET_STRAYS, [lowestId, ROWS_PER_STEP, new Date(startsAt)]);
    const days: string[] = [];
    const kept: string[] = [];
    for (const day of await this.days()) {
      if (day.endsAt > startsAt) continue;
      ((await this.drop(day)) ? days : kept).push(day.suffix);
    }
    return { days, kept, keys, strays };
  }

  /** The days that have partitions, in no order. */
  private async days(): Promise<readonly Day[]> {
    type Partition = { name: string };
    const partitions = await this.dataSource
      .query<Partition[]>(
        `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
          where inhparent = 'concordat.journal'::regclass`,
      )
      .catch((error: unknown) => {
        throw failureOf(error);
      });
    return partitions.flatMap(({ name }) => dayOfPartition(name) ?? []);
  }

  private async drop(day: Day): Promise<boolean> {
    return this.unlessBusy(async (manager) => {
      if (!(await hasPartitions(manager, day))) return true; // another instance was faster
      if (await holdsUnfinished(manager, day)) return false; // do not even ask for the lock
      const tables = PARTITIONED.map((table) => `only concordat.${table}`).join(', ');
      await manager.query(`lock table ${tables} in access exclusive mode`);
      if (await holdsUnfinished(manager, day)) return false; // R2
      await manager.query(removalOf(day));
      await manager.query(
        `update concordat.retention set forgotten_before = greatest(forgotten_before, $1)`,
        [new Date(day.endsAt)],
      ); // R3
      return true;
    });
  }

  /** R4. One instance at a time; false if `work` could not get its locks at once. */
  private async unlessBusy(work: (manager: EntityManager) => Promise<boolean>): Promise<boolean> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        await manager.query(
          `select pg_advisory_xact_lock(hashtextextended('concordat.retention', 0))`,
        );
        await manager.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
        return await work(manager);
      });
    } catch (error) {
      if (isLockTimeout(error)) return false;
      throw failureOf(error);
    }
  }

  /** Repeats `statement` until it finds less than a full step to do. Returns the rows it found. */
  private async inSteps(statement: Statement, values: readonly unknown[]): Promise<number> {
    let found = 0;
    for (let step = 0; step < STEPS_MAX; step += 1) {
      const rows = await this.database.run(statement, values);
      found += rows.length;
      if (rows.length < ROWS_PER_STEP) break;
    }
    return found;
  }
}

/** R1. Returns false if the day has partitions, or cannot have them any more. */
async function makeRoom(manager: EntityManager, day: Day): Promise<boolean> {
  if (await hasPartitions(manager, day)) return false;
  if (await hasStrays(manager, day)) return false;
  for (const statement of creationOf(day)) await manager.query(statement);
  return true;
}

function hasPartitions(manager: EntityManager, { suffix }: Day): Promise<boolean> {
  return isTrue(manager, `to_regclass($1) is not null`, [`concordat.journal_${suffix}`]);
}

/** Whether the default partitions hold something of the day. */
function hasStrays(manager: EntityManager, { lowestId, endId }: Day): Promise<boolean> {
  return isTrue(
    manager,
    `exists (select from concordat.journal_default where gtid >= $1 and gtid < $2)
     or exists (select from concordat.ended_transaction_default where gtid >= $1 and gtid < $2)`,
    [lowestId, endId],
  );
}

function holdsUnfinished(manager: EntityManager, { lowestId, endId }: Day): Promise<boolean> {
  return isTrue(
    manager,
    `exists (select from concordat.global_transaction where gtid >= $1 and gtid < $2)`,
    [lowestId, endId],
  );
}

async function isTrue(
  manager: EntityManager,
  condition: string,
  values: readonly unknown[],
): Promise<boolean> {
  type Row = { answer: boolean };
  const [row] = await manager.query<Row[]>(`select ${condition} as answer`, [...values]);
  assert(row !== undefined, 'a select without a table returns a row');
  return row.answer;
}
