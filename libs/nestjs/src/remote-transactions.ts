// Global transactions of this code at a coordinator elsewhere: those whom it calls enlist in them.
//
//   begin (active 2PC) ─▶ work, whose requests bear the gtid ─┬─▶ commit ─▶ how did it end?
//                                                             └─ throws ─▶ rollback
//
// R1. A commit that nobody has answered is not a no, nor is one that is still voted on: for a while
//     it is asked what was decided. If that is not found out, it is in doubt.
// R2. If a rollback cannot be asked for, the coordinator rolls back at the deadline.
import type { ConcordatClient, Transaction, Wished } from '@concordat/client';
import type { GlobalTransactionOptions } from '@concordat/embedded';
import { HeuristicEnd, InDoubt, RolledBack } from '@concordat/embedded';
import { asGtid } from '@concordat/wire';
import type { Transactions } from './concordat.js';
import type { Surrounding } from './current.js';
import { traceparentOf } from './current.js';

const SETTLE_MS_DEFAULT = 10_000;

export class RemoteTransactions implements Transactions {
  constructor(
    private readonly client: ConcordatClient,
    private readonly surrounding: Surrounding,
    private readonly settleMs: number = SETTLE_MS_DEFAULT,
  ) {}

  async run<Value>(
    work: () => Promise<Value>,
    { name, deadlineMs, traceparent }: GlobalTransactionOptions = {},
  ): Promise<Value> {
    if (this.surrounding.own !== undefined) return work();
    const { gtid } = await this.client.begin(
      {
        protocol: '2pc',
        ...(name === undefined ? {} : { name }),
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      },
      { traceparent },
    );
    const within = { gtid, traceparent: traceparent ?? traceparentOf(gtid) };
    const value = await this.perform(gtid, () => this.surrounding.runOwn(within, work));
    await this.commit(gtid);
    return value;
  }

  private async perform<Value>(gtid: string, work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      await this.client.rollback(gtid).catch(() => undefined); // R2
      throw error;
    }
  }

  private async commit(id: string): Promise<void> {
    const gtid = asGtid(id);
    const wished = await this.client.commit(id).catch((error: unknown) => this.found(id, error));
    if (!wished.granted && wished.decision === 'rollback') {
      throw new RolledBack(gtid, wished.reason);
    }
    const isKnown = wished.granted && !isOpen(wished.transaction);
    const { transaction } = isKnown ? wished : await this.found(id);
    const { decision, outcome } = transaction;
    if (outcome === 'rolled-back' || (outcome === undefined && decision === 'rollback')) {
      throw new RolledBack(gtid, reasonIn(transaction));
    }
    if (outcome !== undefined && outcome !== 'committed') throw new HeuristicEnd(gtid, outcome);
  }

  /** R1. @param cause why the commit itself has not told @throws InDoubt */
  private async found(id: string, cause?: unknown): Promise<Granted> {
    const { client, settleMs } = this;
    const inDoubt = new InDoubt(asGtid(id), true, { cause });
    const transaction = await client
      .waitUntilEnded(id, { signal: AbortSignal.timeout(settleMs) })
      .catch(() => client.get(id)) // decided, perhaps, and not ended
      .catch(() => undefined);
    if (transaction === undefined || isOpen(transaction)) throw inDoubt;
    return { granted: true, transaction };
  }
}

type Granted = Extract<Wished, { readonly granted: true }>;

/** Nothing is decided. */
function isOpen({ decision, outcome }: Transaction): boolean {
  return outcome === undefined && decision === 'undecided';
}

function reasonIn({ branches }: Transaction): string {
  const reasons = branches.flatMap(({ id, lastError }) =>
    lastError ? [`${id}: ${lastError}`] : [],
  );
  return reasons.length === 0 ? 'a branch has refused, or was late' : reasons.join('; ');
}
