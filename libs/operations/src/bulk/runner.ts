// Works through what was asked for in bulk.
//
//   take one that runs ─▶ lease ─▶ the next few ─▶ do them ─▶ count them ─┐
//                           ▲                                            │ at the rate
//                           └──── runs still? no: paused, ended ◀────────┘
//
// R1. Before each batch it is asked whether it still runs: who pauses or cancels it waits for one
//     batch at most.
// R2. Whoever dies leaves a lease that runs out, and items that are waiting; another goes on with
//     them. What was done and not counted is told by its line in the audit, whose number was given
//     out with the snapshot, and is not done again.
// R3. An item is what a person would have done himself at that moment: judged by itself, with its
//     own line in the audit, and with no more rights than whoever has asked.
// R4. Whoever stops, for whatever reason, lets go of his lease: who has paused a bulk and resumes
//     it does not wait for that to run out.
// R5. What a person holds back is not done, and why is said of it; but nobody has failed, so it is
//     none of those of which too many stop the bulk. (What an instance had in hand that dies before
//     it has counted it counts as failed.)
import { EntryRejected, JournalUnavailable } from '@concordat/engine';
import { asGtid } from '@concordat/wire';
import { DEFAULT_TENANT, isPermitted } from '@concordat/wire/operations';
import type { Acts } from '../actions/acts.js';
import { permissionTo } from '../actions/judge.js';
import { HeldBack, Refusal } from '../api.js';
import type { OperationsPorts } from '../ports.js';
import type { BulkRow } from '../statements/bulk-row.js';
import { LEASE_BULK } from '../statements/lease-bulk.js';
import { NEXT_BULK_ITEMS } from '../statements/next-bulk-items.js';
import { RECORD_BULK_ITEMS } from '../statements/record-bulk-items.js';
import { RELEASE_BULK } from '../statements/release-bulk.js';
import { TAKE_BULK } from '../statements/take-bulk.js';

const LEASE_MS = 10_000;
const AT_ONCE_MAX = 16;
const SECOND_MS = 1_000;
/** So many batches a second, if the rate allows. */
const BATCHES_PER_SECOND = 10;

interface Item {
  readonly n: number;
  readonly gtid: string;
  readonly act_id: string;
  readonly stage: string | null;
}

/** A bulk, and until when it is ours: as the database writes it. */
type Taken = BulkRow & Leased;

interface Leased {
  readonly lease: string;
}

interface CameOf {
  readonly n: number;
  readonly state: 'done' | 'unchanged' | 'failed';
  readonly said: string | null;
  /** R5. */
  readonly isHeldBack?: true;
}

type Ports = Pick<OperationsPorts, 'engine' | 'store' | 'timers'>;

export class BulkRunner {
  private stopping = false;

  constructor(
    private readonly ports: Ports,
    private readonly acts: Acts,
  ) {}

  /** Works on what there is until there is nothing more, or `stop` is called. */
  async work(): Promise<void> {
    while (!this.stopping) {
      const [bulk] = await this.ports.store.run<Taken>(TAKE_BULK, [LEASE_MS]);
      if (bulk === undefined) return;
      await this.through(bulk);
    }
  }

  /** The batch that is under way is the last. */
  stop(): void {
    this.stopping = true;
  }

  /** R4. */
  private async through(bulk: Taken): Promise<void> {
    const lease = await this.batches(bulk);
    await this.ports.store.run(RELEASE_BULK, [bulk.id, lease]);
  }

  /** R1. @returns the last lease */
  private async batches(bulk: Taken): Promise<string> {
    const { run } = this.ports.store;
    const size = sizeOf(bulk);
    let { lease } = bulk;
    while (!this.stopping) {
      const [runs] = await run<Leased>(LEASE_BULK, [bulk.id, LEASE_MS]);
      if (runs === undefined) return lease;
      ({ lease } = runs);
      const pause = this.pause((size * SECOND_MS) / bulk.per_second_max);
      const items = await run<Item>(NEXT_BULK_ITEMS, [bulk.id, size]);
      const came = await Promise.all(items.map((item) => this.one(bulk, item)));
      const [recorded] = await run<Pick<BulkRow, 'state'>>(RECORD_BULK_ITEMS, [
        bulk.id,
        came.map(({ n }) => n),
        came.map(({ state }) => state),
        came.map(({ said }) => said),
        came.map(({ isHeldBack }) => isHeldBack === true),
      ]);
      if (recorded?.state !== 'running') return lease;
      await pause;
    }
    return lease;
  }

  /** R2, R3. */
  private async one(bulk: BulkRow, { n, gtid, act_id: id, stage }: Item): Promise<CameOf> {
    if (stage === 'done') return { n, state: 'done', said: null };
    if (stage === 'refused') return { n, state: 'failed', said: 'it was refused' };
    const asked = {
      id,
      actor: bulk.asked_by,
      reason: bulk.reason,
      gtid: asGtid(gtid),
      ask: { action: bulk.action },
      bulk: bulk.id,
      dryRun: false,
      signal: new AbortController().signal,
    };
    try {
      const { result } = await this.acts.orLogged(asked, async () => {
        await this.requirePermitted(bulk, gtid);
        return this.acts.perform(asked);
      });
      return { n, state: result === 'unchanged' ? 'unchanged' : 'done', said: null };
    } catch (error) {
      if (error instanceof HeldBack) {
        return { n, state: 'failed', said: error.detail, isHeldBack: true };
      }
      if (error instanceof Refusal) return { n, state: 'failed', said: error.detail };
      if (error instanceof JournalUnavailable) return { n, state: 'failed', said: UNKNOWN };
      if (error instanceof EntryRejected) return { n, state: 'failed', said: error.message };
      throw error;
    }
  }

  private async requirePermitted({ action, grants }: BulkRow, gtid: string): Promise<void> {
    const record = await this.ports.engine.find(asGtid(gtid));
    if (record === undefined) throw new Refusal('unknown-transaction', 'It is no longer known.');
    const tenant = record.definition.tenant ?? DEFAULT_TENANT;
    if (isPermitted(grants, permissionTo[action], tenant)) return;
    throw new Refusal('not-permitted', `Whoever asked may not ${action} it.`);
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.ports.timers.after(delayMs, resolve);
    });
  }
}

const UNKNOWN = 'the journal did not answer: it may have been done';

function sizeOf({ per_second_max }: BulkRow): number {
  return Math.min(AT_ONCE_MAX, Math.max(1, Math.round(per_second_max / BATCHES_PER_SECOND)));
}
