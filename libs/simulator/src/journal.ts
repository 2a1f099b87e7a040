// One instance's way to the journal: the engine's ports `Journal` and `Agenda` over the store.
//
//   call ──latency──▶ unavailable?  ──▶ fails, nothing is written
//                     late write?   ──▶ fails, and is written after that
//                     ▼
//                     applied ──▶ reply lost? ──▶ fails
//                     ▼
//                     durable ──latency──▶ the instance hears of it, if it still lives
//
// J0. What is loaded may be told to anybody, so it is durable: a load waits until everything before
//     it is replicated. (`dirty` loads do not: the test of this rule.) Who finds a key loads next.
// J1. What fails, fails as JournalUnavailable: whether it was written is not known to the caller.
// J2. Who waits for too long for a write to become durable is told the same.
// J3. Who need not be sure is told at once, and is not told if it is forgotten after all.
// J4. What is written within a local transaction of the journal's database is one write with what
//     that has done, and has the same fate.
import type {
  Agenda,
  Attempts,
  Definition,
  Entry,
  Journal,
  Postponed,
  Postponement,
  Record,
} from '@concordat/engine';
import { JournalUnavailable } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import { assert, isEnded, summaryOf } from '@concordat/protocols';
import type { DatabaseClock } from './clock.js';
import type { Incarnation } from './incarnation.js';
import type { Nemesis } from './nemesis.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { Recorder } from './recorder.js';
import type { Schedule } from './schedule.js';
import type { Fate, Row, Store } from './store.js';
import { recordOf, Stored } from './store.js';
import type { Trace } from './trace.js';

export interface Surroundings {
  readonly seed: number;
  readonly schedule: Schedule;
  readonly nemesis: Nemesis;
  readonly trace: Trace;
  readonly recorder: Recorder;
  readonly clock: DatabaseClock;
}

/** What a statement comes to: at once, or when its fate is known. */
type Statement<Value> = (done: (value: Value) => void, fail: () => void) => void;

const LATENCY_MS_MIN = 0.05;
const LATENCY_MS_SPREAD = 1;
const WRITE_TIMEOUT_MS = 2_000;
/** What is due later than this rests, and is no lease (HAND_OVER in libs/journal). */
const LEASE_MS_MAX = 60_000;

export class InstanceJournal implements Journal, Agenda {
  private readonly underWay = new Set<string>();
  private readonly latency: Prng;

  constructor(
    private readonly world: Surroundings,
    private readonly store: Store,
    private readonly owner: Incarnation,
  ) {
    this.latency = streamOf(world.seed, `journal ${owner.name}`);
  }

  append(entry: Entry): Promise<'appended' | 'conflict'> {
    return this.appendWith(entry, () => undefined);
  }

  /** J4. @param commit is what the local transaction has done, once it is durable */
  within(commit: () => void): Pick<Journal, 'append'> {
    return { append: (entry) => this.appendWith(entry, commit) };
  }

  private async appendWith(entry: Entry, commit: () => void): Promise<'appended' | 'conflict'> {
    const { gtid, transaction } = entry;
    const { phase, outcome } = summaryOf(transaction);
    assert(!this.underWay.has(gtid), 'a transaction has one append under way at most');
    assert((entry.dueAt === null) === (outcome !== undefined), 'only an ended entry is never due');
    this.underWay.add(gtid);
    const row = this.rowOf(entry); // as it is now: the caller may go on
    try {
      return await this.run(`append ${gtid} v${transaction.version} ${phase}`, true, (done, fail) =>
        this.appendRow(entry, row, commit, done, fail),
      );
    } finally {
      this.underWay.delete(gtid);
    }
  }

  load(gtid: GlobalTransactionId): Promise<Record | undefined> {
    return this.run(`load ${gtid}`, false, (done, fail) => {
      const found = this.store.recordOf(gtid);
      if (this.store.loads === 'dirty') done(found);
      else this.write([], () => done(found), fail); // J0
    });
  }

  findByKey(key: string): Promise<{ gtid: GlobalTransactionId; digest: string } | undefined> {
    return this.run(`find ${key}`, false, (done) => done(this.store.keys.get(key)));
  }

  postpone({ gtid, version, attempts, stuck, dueAt }: Postponement): Promise<Postponed> {
    const stored = new Stored<Attempts>(JSON.stringify(attempts));
    return this.run(`postpone ${gtid} v${version}`, true, (done, fail) => {
      const row = this.store.rows.get(gtid);
      if (row === undefined || row.version !== version || row.dueAt === null) {
        return done('gone-on');
      }
      this.write([{ ...row, attempts: stored, stuck, dueAt }], () => done('postponed'), fail);
    });
  }

  takeDue(limit: number, leaseMs: number): Promise<readonly Record[]> {
    return this.run('take what is due', true, (done, fail) => {
      const now = this.world.clock.now();
      const due = [...this.store.unfinished.values()]
        .filter((row) => row.dueAt !== null && row.dueAt <= now)
        .sort((left, right) => Number(left.dueAt) - Number(right.dueAt))
        .slice(0, limit);
      this.lease(due, leaseMs, done, fail);
    });
  }

  take(gtid: GlobalTransactionId, leaseMs: number): Promise<Record | undefined> {
    return this.run(`take ${gtid}`, true, (done, fail) => {
      const row = this.store.rows.get(gtid);
      const isDue = row?.dueAt != null && row.dueAt <= this.world.clock.now();
      this.lease(isDue ? [row] : [], leaseMs, ([record]) => done(record), fail);
    });
  }

  handOver(): Promise<void> {
    return this.run('hand over', true, (done, fail) => {
      const now = this.world.clock.now();
      const isLeased = ({ owner, dueAt }: Row): boolean =>
        owner === this.owner.id && dueAt !== null && dueAt > now && dueAt <= now + LEASE_MS_MAX;
      const leased = [...this.store.unfinished.values()].filter(isLeased);
      if (leased.length === 0) return done();
      this.write(
        leased.map((row) => ({ ...row, dueAt: now })),
        () => done(),
        fail,
      );
    });
  }

  private lease(
    due: readonly Row[],
    leaseMs: number,
    done: (records: readonly Record[]) => void,
    fail: () => void,
  ): void {
    if (due.length === 0) return done([]);
    const dueAt = this.world.clock.now() + leaseMs;
    const rows = due.map((row) => ({ ...row, owner: this.owner.id, dueAt }));
    this.write(rows, () => done(rows.map(recordOf)), fail);
  }

  private rowOf(entry: Entry): Omit<Row, 'definition'> {
    const { version, ...state } = entry.transaction;
    return {
      gtid: entry.gtid,
      version,
      state: new Stored(JSON.stringify(state)),
      attempts: new Stored(JSON.stringify(entry.attempts)),
      dueAt: entry.dueAt,
      endedAt: isEnded(entry.transaction) ? entry.at : null,
      stuck: entry.stuck,
      owner: this.owner.id,
    };
  }

  private appendRow(
    entry: Entry,
    row: Omit<Row, 'definition'>,
    commit: () => void,
    done: (verdict: 'appended' | 'conflict') => void,
    fail: () => void,
  ): void {
    const { store, world } = this;
    const { gtid, idempotency } = entry;
    const before = store.rows.get(gtid);
    const isKeyTaken = idempotency !== undefined && store.keys.has(idempotency.key);
    if ((before?.version ?? 0) !== row.version - 1 || isKeyTaken) {
      world.trace.add(`${this.owner.name} ${gtid} v${row.version}: conflict`);
      return done('conflict');
    }
    const definition =
      entry.definition === undefined
        ? before?.definition
        : new Stored<Definition>(JSON.stringify(entry.definition));
    assert(definition !== undefined, 'version 1 has a definition');
    const storm = row.dueAt === null ? undefined : world.nemesis.hits('conflict-storm', '*');
    const dueAt = storm === undefined ? row.dueAt : world.clock.now();
    const key = idempotency && { ...idempotency, gtid };
    const isDurable = (): void => {
      world.recorder.version(entry, row.state.json);
      commit(); // J4
      if (entry.forced) done('appended');
    };
    const isLost = (): void => (entry.forced ? fail() : undefined);
    this.write([{ ...row, definition, dueAt }], isDurable, isLost, key);
    if (!entry.forced) done('appended'); // J3
  }

  private write(
    rows: readonly Row[],
    isDurable: () => void,
    fail: () => void,
    key?: Parameters<Store['write']>[1],
  ): void {
    const settled = (fate: Fate): void => (fate === 'durable' ? isDurable() : fail());
    this.store.write(rows, key, settled);
  }

  /** One round trip to the database, with all that can become of it. */
  private run<Value>(what: string, writes: boolean, statement: Statement<Value>): Promise<Value> {
    const { owner, world } = this;
    if (owner.isDeadBefore(what)) return owner.never();
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void =>
        void world.schedule.after(this.latencyMs(), () => owner.deliver(settle));
      const fail = (why: string): void =>
        answer(() => reject(new JournalUnavailable(`${what}: ${why}`)));
      world.schedule.after(this.latencyMs(), () => {
        this.arrive(what, writes, statement, {
          answer: (value) => answer(() => resolve(value)),
          fail,
        });
      });
    });
  }

  private arrive<Value>(
    what: string,
    writes: boolean,
    statement: Statement<Value>,
    to: { answer: (value: Value) => void; fail: (why: string) => void },
  ): void {
    const { owner, world, store } = this;
    const { nemesis, schedule } = world;
    if (nemesis.hits('journal-unavailable', owner.name)) return to.fail('not written');
    const late = writes ? nemesis.hits('journal-late-write', owner.name) : undefined;
    if (late !== undefined) {
      to.fail('not written yet');
      const { epoch } = store;
      const laterMs = nemesis.diceOf(late).fraction() * late.ms;
      schedule.after(laterMs, () => {
        if (store.epoch !== epoch) return;
        world.trace.add(`${owner.name} ${what}: lands late`);
        statement(ignore, ignore);
      });
      return;
    }
    world.trace.add(`${owner.name} ${what}`);
    const isLost = writes && nemesis.hits('journal-reply-lost', owner.name) !== undefined;
    const answered = isLost ? lost(to) : once(to, schedule);
    statement(answered.answer, answered.fail);
    owner.diesAfter(what);
  }

  private latencyMs(): number {
    const { nemesis } = this.world;
    const slow = nemesis.hits('journal-slow', this.owner.name);
    const extraMs = slow === undefined ? 0 : nemesis.diceOf(slow).fraction() * slow.ms;
    return LATENCY_MS_MIN + LATENCY_MS_SPREAD * this.latency.fraction() + extraMs;
  }
}

interface Answers<Value> {
  readonly answer: (value: Value) => void;
  readonly fail: () => void;
}

/** J2. */
function once<Value>(
  to: { answer: (value: Value) => void; fail: (why: string) => void },
  schedule: Schedule,
): Answers<Value> {
  const cancel = schedule.after(WRITE_TIMEOUT_MS, () => to.fail('took too long'));
  return {
    answer: (value) => {
      cancel();
      to.answer(value);
    },
    fail: () => {
      cancel();
      to.fail('the primary has failed');
    },
  };
}

function lost<Value>(to: { fail: (why: string) => void }): Answers<Value> {
  to.fail('the reply was lost');
  return { answer: ignore, fail: ignore };
}

function ignore(): void {}
