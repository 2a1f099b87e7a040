// What people did is in the journal exactly as they were told.
//
// I1. What an instance said was done is in one durable version, with its audit line; what it said
//     was not, is in none.
// I2. No audit line is without an act of a person in the same version.
import type { Checker, Complaints, TransactionHistory } from '../history.js';

export const interventions: Checker = (transaction) => {
  const complaints = [...toldOtherwise(transaction), ...withoutAct(transaction)];
  return complaints.map((what) => `${transaction.gtid}: ${what}`);
};

/** I1. */
function toldOtherwise({ acts, versions }: TransactionHistory): Complaints {
  return acts.flatMap(({ act, isDone }) => {
    const times = versions.flatMap(({ audit }) => audit).filter((id) => id === act).length;
    if (times === (isDone ? 1 : 0)) return [];
    return [
      `a person was told that ${act} was ${isDone ? '' : 'not '}done, and it is there ${times} times`,
    ];
  });
}

/** I2. */
function withoutAct({ versions }: TransactionHistory): Complaints {
  return versions.flatMap(({ version, audit, line }) => {
    const acts = line.events.filter(({ type }) => type !== 'begun').length;
    return acts >= audit.length
      ? []
      : [`version ${version} has ${audit.length} audit lines for ${acts} acts`];
  });
}
