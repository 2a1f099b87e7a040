import type { Group, Mutant } from '../mutant.ts';

const decisions = 'libs/embedded/src/decisions.ts';
const transactions = 'libs/embedded/src/global-transactions.ts';
const killers = ['faults', 'transfers', 'work', 'connections'].map(
  (name) => `test/embedded/${name}.spec.ts`,
);

const mutants: readonly Mutant[] = [
  {
    id: 'M1701',
    file: decisions,
    find: `const prepared = isSafe ? branches.filter(({ vote }) => vote === 'prepared') : []; // D4`,
    replace: `const prepared = branches.filter(({ vote }) => vote === 'prepared' || isSafe === undefined);`,
    fault: 'a rollback that brings all the votes along commits',
    killers,
  },
  {
    id: 'M1702',
    file: decisions,
    find: `const already = last === undefined ? votes : [...votes, committedOf(last.name)];`,
    replace: `const already = votes;`,
    fault: 'the last resource is told to commit what it has committed',
    killers,
  },
  {
    id: 'M1703',
    file: transactions,
    find: `if (verdict === 'begun') return await`,
    replace: `if (verdict !== undefined) return await`,
    fault: 'who comes after a presumed abort is told that it has committed',
    killers: ['test/embedded/overtaken.spec.ts'],
  },
  {
    id: 'M1704',
    file: transactions,
    find: `if (last !== undefined) await rollBackHere([last]); // unless it has ended by itself`,
    replace: '',
    fault: 'a last resource that came too late keeps its connection and its locks',
    killers: ['test/embedded/overtaken.spec.ts'],
  },
  {
    id: 'M1705',
    file: transactions,
    find: `if (isCertainlyNotDecided(error)) return await`,
    replace: `if (error !== undefined) return await`,
    fault: 'a decision of which nothing is known is said to be rolled back',
    killers,
  },
];

export const embeddedGroup: Group = { title: 'The coordinator inside an application', mutants };
