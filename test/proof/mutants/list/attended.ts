import type { Group, Mutant } from '../mutant.ts';

const attended = 'libs/engine/src/attended.ts';
const killers = ['test/engine/attended.spec.ts'];

const mutants: readonly Mutant[] = [
  {
    id: 'M1901',
    file: attended,
    find: `for (const call of calls) flight.asking.add(callKey(call));`,
    replace: '',
    fault: 'orders that are under way are sent again once the lease must be renewed',
    killers,
  },
  {
    id: 'M1902',
    file: attended,
    find: `return this.flights.hear(flight, call, answer); // it goes on there, or nowhere`,
    replace: 'return;',
    fault: 'an answer is dropped that comes once the flight goes on elsewhere',
    killers,
  },
  {
    id: 'M1903',
    file: attended,
    find: `for (const [call, answer] of heard) this.flights.hear(flight, call, answer);`,
    replace: '',
    fault: 'what was answered already is dropped as the flight goes on elsewhere',
    killers,
  },
  {
    id: 'M1904',
    file: attended,
    find: `    this.flights.resume(flight);
  }

  private writeSoon`,
    replace: `  }

  private writeSoon`,
    fault: 'a flight that is left is left for ever',
    killers,
  },
  {
    id: 'M1905',
    file: attended,
    find: `if (written === undefined || mailbox.length > 0 || reloadWanted) return false;`,
    replace: `if (written === undefined || reloadWanted) return false;`,
    fault: 'it ends though a person has asked for something first',
    killers,
  },
  {
    id: 'M1906',
    file: attended,
    find: `return event === undefined || remark !== undefined ? [] : [event];`,
    replace: `return event === undefined || remark === '' ? [] : [event];`,
    fault: 'what a participant says beside its acknowledgement is dropped',
    killers,
  },
  {
    id: 'M1907',
    file: attended,
    find: `if ((flight.dueAt ?? now) - now < this.limits.leaseMs / 2) this.leave(flight);`,
    replace: `if ((flight.dueAt ?? now) - now < -this.limits.leaseMs) this.leave(flight);`,
    fault: 'its lease runs out while its orders are under way',
    killers,
  },
  {
    id: 'M1908',
    file: attended,
    find: `flight.asking.clear();`,
    replace: '',
    fault: 'an end that was written before stays in memory',
    killers,
  },
  {
    id: 'M1909',
    file: attended,
    find: `    this.writeSoon(flight);
    return true;`,
    replace: `    return true;`,
    fault: 'an end is never written',
    killers,
  },
  {
    id: 'M1910',
    file: attended,
    find: `if (verdict === 'conflict') flight.reloadWanted = true;`,
    replace: '',
    fault: 'an end is given up when another instance was faster with something else',
    killers,
  },
  {
    id: 'M1911',
    file: attended,
    find: `if (error instanceof EntryRejected) return this.flights.resume(flight); // it is parked there`,
    replace: '',
    fault: 'an end that the journal will never hold is tried again for ever, and nobody is told',
    killers,
  },
  {
    id: 'M1912',
    file: attended,
    find: `this.flights.forget(flight, error); // E4`,
    replace: '',
    fault: 'an end that could not be written stays in memory, and is never written',
    killers,
  },
  {
    id: 'M1913',
    file: attended,
    find: `if (flight.reloadWanted || flight.mailbox.length > 0) this.flights.resume(flight);`,
    replace: `if (flight.reloadWanted) this.flights.resume(flight);`,
    fault: 'what is asked for between the end and its writing is never answered',
    killers,
  },
  {
    id: 'M1914',
    file: attended,
    find: `const written = this.lazy.splice(0).map((flight) => this.write(flight));`,
    replace: `const written = this.lazy.map((flight) => this.write(flight));`,
    fault: 'no end but the first is written',
    killers,
  },
  {
    id: 'M1915',
    file: attended,
    find: `const all = Promise.allSettled([this.flushed, ...written]);`,
    replace: `const all = Promise.allSettled(written);`,
    fault: 'what is being written already is not waited for',
    killers,
  },
  {
    id: 'M1916',
    file: attended,
    find: `if (flight.forgotten) return;
    const { current: transaction`,
    replace: `const { current: transaction`,
    fault: 'an instance that has stopped goes on writing ends',
    killers,
  },
];

export const attendedGroup: Group = { title: 'Arrivals that are attended to', mutants };
