import type { Group, Mutant } from '../mutant.ts';

const decisions = 'libs/embedded/src/decisions.ts';
const transactions = 'libs/embedded/src/global-transactions.ts';
const orders = 'libs/embedded/src/orders-first.ts';
const lent = 'libs/embedded/src/lent-runner.ts';
const taken = 'libs/embedded/src/taken-runner.ts';
const joint = 'libs/embedded/src/joint-query.ts';
const savepoints = 'libs/embedded/src/savepoints.ts';
const ofOrders = ['test/embedded/orders.spec.ts'];
const ofWork = ['test/embedded/work.spec.ts'];
const ofConnections = ['test/embedded/connections.spec.ts'];
const alone = ['libs/embedded'];
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
  {
    id: 'M1706',
    file: orders,
    find: `error === null && !session.isWarned && result?.command`,
    replace: `error === null && result?.command`,
    fault: 'an order that was obeyed with a warning is believed',
    killers: ofOrders,
  },
  {
    id: 'M1707',
    file: orders,
    find: `!session.isWarned && result?.command === order.toUpperCase();`,
    replace: `!session.isWarned && result !== undefined;`,
    fault: 'whatever an order is answered by is taken for its end',
    killers: ofOrders,
  },
  {
    id: 'M1708',
    file: orders,
    find: `resolve('late');`,
    replace: `resolve('ended');`,
    fault: 'an order that is not answered in time is taken for obeyed',
    killers: ofOrders,
  },
  {
    id: 'M1709',
    file: orders,
    find: `if (late) return release(); // it is never sent`,
    replace: '',
    fault: 'an order is sent that nobody waits for any more',
    killers: ofOrders,
  },
  {
    id: 'M1710',
    file: orders,
    find: `this.letGo(client, !isEnded && !(error instanceof pg.DatabaseError));`,
    replace: `this.letGo(client, error !== null && !(error instanceof pg.DatabaseError));`,
    fault: 'a connection that has answered strangely is used again',
    killers: ofOrders,
  },
  {
    id: 'M1711',
    file: orders,
    find: `for (const client of this.busy) this.letGo(client, true);`,
    replace: '',
    fault: 'who closes waits for whoever has not answered an order',
    killers: ofOrders,
  },
  {
    id: 'M1712',
    file: lent,
    find: `release: method(() => Promise.resolve()),`,
    replace: `  release: method(function (this: Lent) {
    return this[LENDER].base.release();
  }),`,
    fault: 'a runner that is lent gives back the connection of its branch',
    killers: ofWork,
  },
  {
    id: 'M1713',
    file: lent,
    find: `return Object.assign(runner, { broadcaster: broadcasterOf(runner) });`,
    replace: `return runner;`,
    fault: 'what a subscriber says goes past the branch that it listens to',
    killers: ofWork,
  },
  {
    id: 'M1714',
    file: taken,
    find: `const next = this.waiting === 1 ? work() : this.line.then(work);`,
    replace: `const next = work();`,
    fault: 'statements of a branch do not wait for each other',
    killers: ofWork,
  },
  {
    id: 'M1715',
    file: taken,
    find: `if (this.streams.size === 0) return;`,
    replace: `if (this.streams.size >= 0) return;`,
    fault: 'a statement is made while a stream is open on its connection',
    killers: ofWork,
  },
  {
    id: 'M1716',
    file: taken,
    find: `if (spoilt !== undefined) this.spoil(spoilt);`,
    replace: '',
    fault: 'what was undone though others were told that it is done is no matter',
    killers: ofWork,
  },
  {
    id: 'M1717',
    file: taken,
    find: `prepare\\s+transaction|xa)\\b/i;`,
    replace: `prepare\\s+transaction)\\b/i;`,
    fault: 'the application ends a branch of MariaDB behind the coordinator’s back',
    killers: ofWork,
  },
  {
    id: 'M1718',
    file: taken,
    find: `if (this.released) this.letGo(this.connected, undefined).catch(() => undefined);`,
    replace: '',
    fault: 'a connection that comes too late is never given back',
    killers: ofConnections,
  },
  {
    id: 'M1719',
    file: savepoints,
    find: `    this.touchedBy(by);
    this.count += 1;`,
    replace: `    this.count += 1;`,
    fault: 'what another inner transaction has committed is undone in silence',
    killers: alone,
  },
  {
    id: 'M1720',
    file: savepoints,
    find: `if (last.by !== by) throw new Misused(OVERLAP);`,
    replace: '',
    fault: 'an inner transaction ends another one',
    killers: alone,
  },
  {
    id: 'M1721',
    file: joint,
    find: `else reject(new NotBegun(error.message, { cause: error }));`,
    replace: `else reject(error);`,
    fault: 'a transaction that could not begin is taken for begun',
    killers: ofConnections,
  },
  {
    id: 'M1722',
    file: joint,
    find: `Buffer.concat([this.before.bytes, bytes]);`,
    replace: `Buffer.concat([this.before.bytes, written((own) => own.sync()), bytes]);`,
    fault: 'a Sync stands between BEGIN and the first statement',
    killers: ofConnections,
  },
  {
    id: 'M1723',
    file: joint,
    find: `if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL') return false;`,
    replace: `if (!(error instanceof pg.DatabaseError)) return false;`,
    fault: 'the end of a session is taken for a refusal',
    killers: alone,
  },
];

export const embeddedGroup: Group = { title: 'The coordinator inside an application', mutants };
