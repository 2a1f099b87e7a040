// What the journal holds of a transaction makes sense by itself.
//
// V1. Versions grow by one, beginning with 1.
// V2. The lines are complete: applied to the beginning, their events lead to each state. What they
//     say was opened is what that state has newly outstanding.
// V3. It is due at some time exactly if it has not ended.
// V4. At most one call is outstanding for each branch.
import { planOf } from '@concordat/engine';
import type { Transaction, TransactionEvent } from '@concordat/protocols';
import { advance, beginTransaction, callsOf } from '@concordat/protocols';
import type { Checker, Complaints, TransactionHistory, VersionHistory } from '../history.js';

export const journal: Checker = (transaction) => {
  const { gtid, versions } = transaction;
  const complaints = versions.flatMap(senseless);
  const all = complaints.length > 0 ? complaints : incomplete(transaction);
  return all.map((what) => `${gtid}: ${what}`);
};

function senseless(one: VersionHistory, index: number): Complaints {
  const { version, phase, dueAt } = one;
  const isNext = version === index + 1; // V1
  const isDueRightly = (dueAt === null) === (phase === 'ended'); // V3
  return [
    ...(isNext ? [] : [`version ${version} stands where ${index + 1} should`]),
    ...(isDueRightly ? [] : [`version ${version} is ${phase} and due at ${dueAt}`]),
    ...(isOneEach(one) ? [] : [`version ${version} has two calls for one branch`]), // V4
  ];
}

function isOneEach({ outstanding }: VersionHistory): boolean {
  const branches = outstanding.map((key) => key.slice(key.indexOf(':') + 1));
  return new Set(branches).size === branches.length;
}

/** V2. */
function incomplete({ protocol, versions }: TransactionHistory): Complaints {
  const [first] = versions;
  const definition = first?.definition;
  if (definition === undefined) return versions.length === 0 ? [] : ['version 1 has no definition'];
  const branches = definition.branches.map(planOf);
  const driven = !first?.state.includes('"phase":"active"');
  let current: Transaction = beginTransaction(protocol, {
    branches,
    deadline: definition.deadlineAt,
    driven,
  });
  for (const { version, line, state } of versions) {
    const events = line.events.filter((event): event is TransactionEvent => event.type !== 'begun');
    current = advance(current, events, version).transaction;
    if (stateOf(current) !== state) return [`the lines do not lead to version ${version}`];
    const opened = callsOf(current).filter(({ token }) => token === version);
    if (JSON.stringify(opened) !== JSON.stringify(line.opened)) {
      return [`version ${version} opened other calls than its line says`];
    }
  }
  return [];
}

function stateOf(transaction: Transaction): string {
  const { version: _, ...state } = transaction;
  return JSON.stringify(state);
}
