// Global transactions of this code at a coordinator elsewhere: those whom it calls enlist in them.
//
//   begin (active 2PC) ─▶ work, whose requests bear the gtid ─┬─▶ commit ─▶ how did it end?
//                                                             └─ throws ─▶ rollback
//
// R1. A commit that nobody has answered is not a no: what was decided is asked for, and if that
//     cannot be found out either, it is in doubt.
// R2. If a rollback cannot be asked for, the coordinator rolls back at the deadline.
import type { ConcordatClient, Transaction, Wished } from '@concordat/client';
import type { GlobalTransactionOptions } from '@concordat/embedded';
import { HeuristicEnd, InDoubt, RolledBack } from '@concordat/embedded';
import { asGtid } from '@concordat/wire';
import type { Transactions } from './concordat.js';
import { ownCurrent, runWithin, traceparentOf } from './current.js';

export class RemoteTransactions implements Transactions {
  constructor(private readonly client: ConcordatClient) {}

  async run<Value>(
    work: () => Promise<Value>,
    { name, deadlineMs, traceparent }: GlobalTransactionOptions = {},
  ): Promise<Value> {
    if (ownCurrent() !== undefined) return work();
    const { gtid } = await this.client.begin(
      {
        protocol: '2pc',
        ...(name === undefined ? {} : { name }),
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      },
      { traceparent },
    );
    const within = { gtid, traceparent: traceparent ?? traceparentOf(gtid) };
    const value = await this.perform(gtid, () => runWithin(within, true, work));
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
    const wished = await this.client.commit(id).catch((error: unknown) => this.decided(id, error));
    if (!wished.granted) throw new RolledBack(gtid, wished.reason);
    const { decision, outcome } = wished.transaction;
    if (outcome === 'rolled-back' || (outcome === undefined && decision === 'rollback')) {
      throw new RolledBack(gtid, reasonIn(wished.transaction));
    }
    if (outcome !== undefined && outcome !== 'committed') throw new HeuristicEnd(gtid, outcome);
    if (decision !== 'commit') throw new InDoubt(gtid, true); // it is still being voted on
  }

  /** R1. */
  private async decided(gtid: string, cause: unknown): Promise<Wished> {
    try {
      const transaction = await this.client.get(gtid);
      if (transaction !== undefined) return { granted: true, transaction };
    } catch {
      // as little as the commit did
    }
    throw new InDoubt(asGtid(gtid), true, { cause });
  }
}

function reasonIn({ branches }: Transaction): string {
  const reasons = branches.flatMap(({ id, lastError }) =>
    lastError ? [`${id}: ${lastError}`] : [],
  );
  return reasons.length === 0 ? 'a branch has refused, or was late' : reasons.join('; ');
}
