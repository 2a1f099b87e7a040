// What a saga promises. It is not isolated, so half of it may be done while it runs; but the order
// of its effects is judged all the same.
//
// G1. A step begins once every step that it depends on is done.
// G2. A step is compensated only after every step that depends on it: those were compensated first,
//     or have done nothing.
// G3. Nothing is compensated once the pivot is done.
// G4. Compensated is only what was done.
// G5. At its end: committed means that every step is done, rolled back that none is.
import type { BranchHistory, Checker, Complaints, Effect, TransactionHistory } from '../history.js';
import { isHonest, lastVersionOf } from '../history.js';

export const saga: Checker = (transaction) => {
  if (transaction.protocol !== 'saga') return [];
  const { gtid, branches } = transaction;
  const honest = branches.filter(isHonest);
  const pivot = honest.find((branch) => branch.pivot);
  const complaints = honest.flatMap((branch) => [
    ...orderOf(branch, honest),
    ...(pivot !== undefined && orderAt(pivot, 'committed') && orderAt(branch, 'rolled-back')
      ? [`${branch.id} was compensated although the pivot ${pivot.id} was done`] // G3
      : []),
  ]);
  return [...complaints, ...atTheEnd(transaction, honest)].map((what) => `${gtid}: ${what}`);
};

function orderOf(branch: BranchHistory, others: readonly BranchHistory[]): Complaints {
  const { id } = branch;
  const done = orderAt(branch, 'committed');
  const compensated = orderAt(branch, 'rolled-back');
  const on = others.filter((other) => branch.dependsOn.includes(other.id));
  const early = on.find(
    (other) => done !== undefined && !(Number(orderAt(other, 'committed')) < done),
  );
  const dependents = others.filter(({ dependsOn }) => dependsOn.includes(id));
  const standing = dependents.find((other) => {
    if (compensated === undefined || orderAt(other, 'committed') === undefined) return false;
    return !(Number(orderAt(other, 'rolled-back')) < compensated);
  });
  return [
    ...(early === undefined ? [] : [`${id} was done before ${early.id}`]), // G1
    ...(standing === undefined ? [] : [`${id} was compensated before ${standing.id}`]), // G2
    ...(compensated !== undefined && !(Number(done) < compensated)
      ? [`${id} was compensated and not done`] // G4
      : []),
  ];
}

/** G5. */
function atTheEnd(transaction: TransactionHistory, honest: readonly BranchHistory[]): Complaints {
  const outcome = lastVersionOf(transaction)?.outcome;
  if (outcome !== 'committed' && outcome !== 'rolled-back') return [];
  const isStanding = (branch: BranchHistory): boolean =>
    orderAt(branch, 'committed') !== undefined && orderAt(branch, 'rolled-back') === undefined;
  const wrong = honest.filter((branch) => isStanding(branch) !== (outcome === 'committed'));
  return wrong.map(({ id }) => {
    return `it is ${outcome}, and ${id} is ${outcome === 'committed' ? 'not done' : 'still done'}`;
  });
}

/** When the effect came about, if it did. */
function orderAt({ effects }: BranchHistory, type: Effect['type']): number | undefined {
  return effects.find((effect) => effect.type === type)?.order;
}
