// Money is neither made nor lost: at rest, the balances of all participants add up to what they
// were, but for transactions of which some participant has broken its contract.
import type { BranchHistory, Complaints, TransactionHistory } from '../history.js';
import { isHonest } from '../history.js';

export interface Balances {
  readonly before: number;
  readonly after: number;
}

export function bank(
  { before, after }: Balances,
  transactions: readonly TransactionHistory[],
): Complaints {
  const unjudged = transactions.filter(({ branches }) => !branches.every(isHonest));
  const theirs = unjudged
    .flatMap(({ branches }) => branches)
    .reduce((sum, one) => sum + paid(one), 0);
  const expected = before + theirs;
  return after === expected ? [] : [`the banks hold ${after}, and should hold ${expected}`];
}

/** What the branch has added to its participant's balance. */
function paid({ amount, effects }: BranchHistory): number {
  const isSaga = !effects.some(({ type }) => type === 'prepared');
  const signs = effects.map(({ type }) => {
    if (type === 'committed') return 1;
    return type === 'rolled-back' && isSaga ? -1 : 0;
  });
  return amount * signs.reduce((sum: number, sign) => sum + sign, 0);
}

/** Two transactions that an idempotency key has begun; there may be one at most. */
export function idempotency(transactions: readonly TransactionHistory[]): Complaints {
  const byKey = new Map<string, string>();
  return transactions.flatMap(({ key, gtid, versions }) => {
    if (key === undefined || versions.length === 0) return [];
    const other = byKey.get(key);
    byKey.set(key, gtid);
    return other === undefined ? [] : [`${key} has begun both ${other} and ${gtid}`];
  });
}
