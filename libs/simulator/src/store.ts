// The database of the journal: rows, and a standby that they are copied to before a write is
// acknowledged (synchronous replication).
//
//   write ──applied──▶ primary ──lag──▶ standby ──▶ acknowledged
//                        │
//                        └ plain reads see it here already
//
// D1. A write is durable, and may be acknowledged, once it and everything before it is replicated.
// D2. A failover forgets what was applied and not replicated, whoever has read it.
// D3. Nothing is shared: rows hold JSON, as the real ones do. What is read is parsed once, and
//     frozen, so that nobody can change what another reader sees.
import type { Attempts, Definition, Record } from '@concordat/engine';
import type { GlobalTransactionId, Instant, TokenedCall, Transaction } from '@concordat/protocols';
import { callKey } from '@concordat/protocols';
import type { Fault } from './faults.js';
import type { Nemesis } from './nemesis.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import type { Schedule } from './schedule.js';
import type { Trace } from './trace.js';

/** A row as the database holds it; ended ones stay. Replaced, never changed. */
export interface Row {
  readonly gtid: GlobalTransactionId;
  readonly version: number;
  readonly state: Stored<Omit<Transaction, 'version'>>;
  readonly attempts: Stored<Attempts>;
  readonly definition: Stored<Definition>;
  /** Null exactly if it has ended. */
  readonly dueAt: number | null;
  readonly endedAt: number | null;
  readonly stuck: boolean;
  readonly owner: string;
}

/** D3. */
export class Stored<Value> {
  private parsed: Value | undefined;

  constructor(readonly json: string) {}

  read(): Value {
    this.parsed ??= deeplyFrozen(JSON.parse(this.json) as Value);
    return this.parsed;
  }
}

export interface Key {
  readonly key: string;
  readonly gtid: GlobalTransactionId;
  readonly digest: string;
}

/** Whether what is loaded is durable (J0 in journal.ts), or may be forgotten by a failover. */
export type Loads = 'durable' | 'dirty';

export type Fate = 'durable' | 'forgotten';

interface Write {
  readonly undo: () => void;
  readonly settled: (fate: Fate) => void;
}

const LAG_MS_MIN = 0.1;
const LAG_MS_SPREAD = 2;

export class Store {
  readonly rows = new Map<GlobalTransactionId, Row>();
  /** Those of them that have not ended. */
  readonly unfinished = new Map<GlobalTransactionId, Row>();
  readonly keys = new Map<string, Key>();
  /** Which primary this is: what is on its way to an earlier one never arrives. */
  epoch = 0;
  private readonly lag: Prng;
  private unreplicated: Write[] = [];
  private replicatedBy = 0;

  constructor(
    seed: number,
    private readonly schedule: Schedule,
    private readonly nemesis: Nemesis,
    private readonly trace: Trace,
    readonly loads: Loads,
  ) {
    this.lag = streamOf(seed, 'replication');
    for (const fault of nemesis.of('failover')) {
      schedule.at(fault.until, () => this.failOver(fault));
    }
  }

  /**
   * Applies a write at once.
   * @param key is taken by the same write
   * @param settled hears whether it became durable, when that is clear
   */
  write(rows: readonly Row[], key: Key | undefined, settled: Write['settled']): void {
    const undone = rows.map((row) => this.put(row));
    if (key !== undefined) {
      this.keys.set(key.key, key);
      undone.push(() => this.keys.delete(key.key));
    }
    const undo = (): void => {
      for (const undoOne of undone.toReversed()) undoOne();
    };
    const write = { undo, settled };
    // Nothing to write, and nothing to wait for.
    if (rows.length === 0 && this.unreplicated.length === 0) return settled('durable');
    this.unreplicated.push(write);
    this.replicateLater();
  }

  /** Something was applied and is not durable yet. */
  get isReplicating(): boolean {
    return this.unreplicated.length > 0;
  }

  /** The database's answer to a plain read (D2). */
  recordOf(gtid: GlobalTransactionId): Record | undefined {
    const row = this.rows.get(gtid);
    return row && recordOf(row);
  }

  /** Whether the call is outstanding. */
  awaits(gtid: GlobalTransactionId, call: TokenedCall): boolean {
    return this.rows.get(gtid)?.state.read().tokens[callKey(call)] === call.token;
  }

  private put(row: Row): () => void {
    const before = this.rows.get(row.gtid);
    this.set(row.gtid, row);
    return () => this.set(row.gtid, before);
  }

  private set(gtid: GlobalTransactionId, row: Row | undefined): void {
    if (row === undefined) this.rows.delete(gtid);
    else this.rows.set(gtid, row);
    if (row === undefined || row.dueAt === null) this.unfinished.delete(gtid);
    else this.unfinished.set(gtid, row);
  }

  /** In the order of the writes. */
  private replicateLater(): void {
    const lagMs = LAG_MS_MIN + LAG_MS_SPREAD * this.lag.fraction();
    const { nemesis, schedule, epoch } = this;
    const stall = nemesis.isOpenOver('failover', '*') ?? nemesis.hits('replication-stall', '*');
    const at = Math.max(stall?.until ?? 0, schedule.now + lagMs, this.replicatedBy);
    this.replicatedBy = at;
    schedule.at(at, () => {
      if (this.epoch !== epoch) return;
      const [write] = this.unreplicated.splice(0, 1);
      write?.settled('durable'); // D1
    });
  }

  private failOver(fault: Fault): void {
    const forgotten = this.unreplicated;
    if (forgotten.length > 0) this.nemesis.count(fault);
    this.unreplicated = [];
    this.epoch += 1;
    this.replicatedBy = 0;
    this.trace.add(`journal fails over: ${forgotten.length} writes are forgotten`);
    for (const { undo } of forgotten.toReversed()) undo(); // D2
    for (const { settled } of forgotten) settled('forgotten');
  }
}

export function recordOf({ gtid, version, state, attempts, definition, endedAt }: Row): Record {
  return {
    gtid,
    transaction: { version, ...state.read() },
    definition: definition.read(),
    attempts: attempts.read(),
    endedAt: endedAt as Instant | null,
  };
}

function deeplyFrozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deeplyFrozen(inner);
  return Object.freeze(value);
}
