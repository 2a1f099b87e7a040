import type { Group, Mutant } from '../mutant.ts';

const flights = 'libs/engine/src/flights.ts';
const flight = 'libs/engine/src/flight.ts';
const transaction = 'libs/protocols/src/transaction.ts';
const journal = 'libs/journal/src/postgres-journal.ts';
const killers = ['test/engine/interventions.spec.ts'];

const mutants: readonly Mutant[] = [
  {
    id: 'M1801',
    file: flights,
    find: `if (flight.current.paused === true) return; // X4`,
    replace: '',
    fault: 'a paused transaction asks its participants all the same',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M1802',
    file: flight,
    find: `if (delivery.intervention?.onlyIf(transaction, definition) === false) continue;`,
    replace: '',
    fault: 'what a person asks for is done although its precondition no longer holds',
    killers,
  },
  {
    id: 'M1803',
    file: journal,
    find: `for (const line of audit) await addLine(run, line);`,
    replace: '',
    fault: 'an act of a person has no audit line',
    killers,
  },
  {
    id: 'M1804',
    file: flight,
    find: `if (event.type === 'hurried') return askedAtOnce(before, now);`,
    replace: '',
    fault: 'a retry waits for its time like any other',
    killers,
  },
  {
    id: 'M1805',
    file: flight,
    find: `const amended = intervention?.payload;`,
    replace: `const amended = undefined as { branch: string; payload: null } | undefined;`,
    fault: 'a step is told what it was told before it was amended',
    killers,
  },
  {
    id: 'M1806',
    file: flight,
    find: `return type === 'resumed' || type === 'hurried';`,
    replace: 'return false;',
    fault: 'who sets a transaction going gives its lease away at once',
    killers,
  },
  {
    id: 'M1807',
    file: transaction,
    find: `return { ...before, tokens };`,
    replace: 'return { ...before };',
    fault: 'a call that is replayed bears its old token',
    killers,
  },
  {
    id: 'M1808',
    file: transaction,
    find: `return paused === true ? going : before;`,
    replace: 'return before;',
    fault: 'what a person has paused cannot be resumed',
    killers,
    also: ['simulator'],
  },
];

export const interventionsGroup: Group = { title: 'What people do', mutants };
