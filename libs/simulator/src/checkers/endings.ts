// Everything ends, nothing is left behind, and the words for the end are true.
//
// N1. Every transaction ends once the faults are over. One whose participant has broken its
//     contract may rest unfinished, and is shown as stuck.
// N2. Nothing is held for a transaction that is over.
// N3. `committed` means that every branch that promised has committed, `rolled-back` that none has.
// N4. A heuristic outcome is reported if, and only if, some participant has acted on its own,
//     against the decision. Of a branch that the journal has never heard of, nobody can tell; nor
//     of one of a database that has left no evidence, for the journal has never heard its vote.
import type { BranchHistory, Checker, Complaints, TransactionHistory } from '../history.js';
import { has, isHonest, lastVersionOf, NO_EVIDENCE } from '../history.js';

export const endings: Checker = (transaction) => {
  const { gtid } = transaction;
  const complaints = [...unended(transaction), ...orphans(transaction), ...untrue(transaction)];
  return complaints.map((what) => `${gtid}: ${what}`);
};

/** N1. */
function unended(transaction: TransactionHistory): Complaints {
  const last = lastVersionOf(transaction);
  if (last === undefined || last.outcome !== undefined) return [];
  if (transaction.branches.every(isHonest)) return [`it has not ended: ${last.phase}`];
  return [];
}

/** N2. */
function orphans(transaction: TransactionHistory): Complaints {
  const last = lastVersionOf(transaction);
  if (last !== undefined && last.outcome === undefined) return [];
  const held = transaction.branches.filter(isHonest).filter(isHeld);
  return held.map(({ id }) => `it is over, and ${id} is still held`);
}

function isHeld(branch: BranchHistory): boolean {
  return has(branch, 'prepared') && !has(branch, 'committed') && !has(branch, 'rolled-back');
}

function untrue(transaction: TransactionHistory): Complaints {
  const { protocol, branches } = transaction;
  const last = lastVersionOf(transaction);
  const outcome = last?.outcome;
  if (last === undefined || outcome === undefined) return [];
  const honest = branches.filter(isHonest);
  if (protocol === '3pc' && honest.length < branches.length) return [];
  if (outcome === 'committed' || outcome === 'rolled-back') {
    if (protocol === 'saga') return []; // saga.ts
    const defied = enlistedOf(transaction)
      .filter((branch) => defies(branch, last.decision))
      .filter((branch) => leftEvidence(branch, transaction)); // N4
    return [
      ...contradicting(outcome, honest), // N3
      ...defied.map(({ id }) => `it is ${outcome}, and ${id} defied`),
    ];
  }
  const isForced = branches.some(({ breaches }) => breaches.some(isOwnAct));
  return isForced ? [] : [`it is ${outcome}, and no participant has acted on its own`]; // N4
}

/** Those of the last definition; all, if none is known. */
function enlistedOf({ versions, branches }: TransactionHistory): readonly BranchHistory[] {
  const known = versions.findLast(({ definition }) => definition !== undefined)?.definition;
  return branches.filter(({ id }) => known?.branches.some((one) => one.id === id) ?? true);
}

function contradicting(
  outcome: 'committed' | 'rolled-back',
  honest: readonly BranchHistory[],
): Complaints {
  const wrong = honest.filter((branch) =>
    outcome === 'committed'
      ? !has(branch, 'committed') && !has(branch, 'read-only')
      : has(branch, 'committed'),
  );
  return wrong.map(({ id, effects }) => {
    const what = effects.map(({ type }) => type).join(', ') || 'untouched';
    return `it is ${outcome}, and ${id} is ${what}`;
  });
}

/** Whoever has voted has left some, whatever its database says. */
function leftEvidence({ id, breaches }: BranchHistory, { versions }: TransactionHistory): boolean {
  if (!breaches.includes(NO_EVIDENCE)) return true;
  const events = versions.flatMap(({ line }) => line.events);
  return events.some(
    (event) =>
      event.type === 'replied' && event.call.branch === id && event.call.operation === 'prepare',
  );
}

/** It has acted against the decision, and nothing else was wrong with it. */
function defies({ breaches, ...branch }: BranchHistory, decision: string): boolean {
  const [only, another] = breaches.filter((breach) => breach !== NO_EVIDENCE);
  if (another !== undefined) return false;
  return (
    (only === 'heuristic-commit' &&
      decision === 'rollback' &&
      has({ breaches, ...branch }, 'committed')) ||
    (only === 'heuristic-rollback' &&
      decision === 'commit' &&
      has({ breaches, ...branch }, 'rolled-back'))
  );
}

function isOwnAct(breach: string): boolean {
  return breach === 'amnesia' || breach.startsWith('heuristic-');
}
