import type { Group, Mutant } from '../mutant.ts';

const flights = 'libs/engine/src/flights.ts';
const flight = 'libs/engine/src/flight.ts';
const engine = 'libs/engine/src/engine.ts';
const attempts = 'libs/engine/src/attempts.ts';
const onPostgres = ['test/engine/takeovers.spec.ts', 'test/engine/instances.spec.ts'];
const killers = ['libs/engine', ...onPostgres];

const mutants: readonly Mutant[] = [
  {
    id: 'M601',
    file: flights,
    find: `const verdict = await through.append(entry);`,
    replace: `    this.perform(flight, entry.line.opened);
    const verdict = await through.append(entry);`,
    fault: 'calls are dispatched before their version is appended',
    killers: onPostgres,
    also: ['simulator'],
  },
  {
    id: 'M602',
    file: flights,
    find: `if (verdict === 'conflict') return verdict;`,
    replace: `if (verdict === 'conflict' && flight.written === undefined) return verdict;`,
    fault: 'a conflict is treated as appended',
    killers: onPostgres,
    also: ['simulator'],
  },
  {
    id: 'M603',
    file: flight,
    find: `this.mailbox.unshift(...this.unwritten);`,
    replace: '',
    fault: 'what is unwritten is lost when another instance was faster',
    killers: onPostgres,
  },
  {
    id: 'M604',
    file: 'libs/engine/src/questions.ts',
    find: `    case 'in-doubt':
      return withoutReply(failed(answer.reason));`,
    replace: `      return withoutReply(failed(answer.reason));
    case 'in-doubt':
      return {
        event: replied(call, { type: 'reply', reply: { type: 'refused' } }),
        remark: undefined,
        failure: failed(answer.reason),
      };`,
    fault: 'an unknown answer is taken for a no',
    killers: onPostgres,
    also: ['simulator'],
  },
  {
    id: 'M605',
    file: engine,
    find: `for (const record of due) this.takeOver(record);`,
    replace: '',
    fault: 'the sweep does nothing with what is due',
    killers: onPostgres,
    also: ['simulator'],
  },
  {
    id: 'M606',
    file: flight,
    find: `if (flight.asking.size > 0) return flight.dueAt - now < leaseMs / 2;`,
    replace: `if (flight.asking.size > 0) return leaseMs < 0;`,
    fault: 'a lease is not renewed while calls are under way',
    killers,
  },
  {
    id: 'M607',
    file: flight,
    find: `if (leasedUntil !== undefined) return leasedUntil;`,
    replace: '',
    fault: 'no lease keeps others away from calls that are under way',
    killers: ['libs/engine'],
    also: ['simulator'],
  },
  {
    id: 'M608',
    file: attempts,
    find: `if (attemptsMax === null || !isQuestion(call.operation)) return false;`,
    replace: `if (attemptsMax === null) return false;`,
    fault: 'an order is given up after as many attempts as a question',
    killers,
  },
  {
    id: 'M609',
    file: attempts,
    find: `(one) => one.branch === branch && one.token === token`,
    replace: `(one) => one.branch === branch && token > 0`,
    fault: 'the attempts of a call are counted against the next one',
    killers,
  },
  {
    id: 'M610',
    file: flight,
    find: `const wakeAt = wakeAtOf(transaction) ?? NOT_BY_ITSELF;`,
    replace: `const wakeAt = (wakeAtOf(transaction) ?? NOT_BY_ITSELF) + 3_600_000;`,
    fault: 'nobody is woken at the deadline',
    killers,
  },
  {
    id: 'M611',
    file: flights,
    find: `flight.reloadWanted ||= answer.type === 'stale';`,
    replace: '',
    fault: 'a newer token at a participant is no reason to read the journal',
    killers: onPostgres,
  },
  {
    id: 'M612',
    file: engine,
    find: `if (flight?.written !== undefined && flight.dueAt !== undefined) return flight.record();`,
    replace: `if (flight?.written !== undefined) return flight.record();`,
    fault: 'answers from memory though another instance has the lease',
    killers: onPostgres,
  },
  {
    id: 'M613',
    file: flight,
    find: `definition = redefined(definition, delivery);`,
    replace: '',
    fault: 'an enlistment does not reach the definition',
    killers,
    also: ['simulator'],
  },
  {
    id: 'M614',
    file: flights,
    find: `if (!flight.forgotten) this.perform(flight, entry.line.opened);`,
    replace: `this.perform(flight, entry.line.opened);`,
    fault: 'an instance that has stopped sends what it was writing',
    killers: onPostgres,
  },
  {
    id: 'M615',
    file: engine,
    find: `await this.ports.agenda.handOver();`,
    replace: '',
    fault: 'an instance that stops keeps its leases',
    killers: onPostgres,
  },
  {
    id: 'M616',
    file: engine,
    find: `if (decision !== 'undecided') return decision === wish;`,
    replace: `if (decision !== 'undecided') return true;`,
    fault: 'a wish that contradicts the decision is said to be granted',
    killers: onPostgres,
  },
  {
    id: 'M617',
    file: engine,
    find: `known.digest === digest ? 'attached' : 'key-reused'`,
    replace: `known.digest === '' ? 'key-reused' : 'attached'`,
    fault: 'an idempotency key answers for another body',
    killers: onPostgres,
  },
  {
    id: 'M618',
    file: flights,
    find: `this.lazy.add(flight);`,
    replace: '',
    fault: 'what need not be forced is never written',
    killers: onPostgres,
  },
  {
    id: 'M619',
    file: flights,
    find: `flight.accept({ ...candidate, unwritten: [] }, at);`,
    replace: `flight.accept(candidate, at);`,
    fault: 'what is written is written again with the next version',
    killers: onPostgres,
  },
  {
    id: 'M620',
    file: flights,
    find: `    this.forget(flight);
    if (dueAt !== null)`,
    replace: `if (dueAt !== null)`,
    fault: 'what rests stays in memory',
    killers: onPostgres,
    also: ['simulator'],
  },
];

export const engineGroup: Group = { title: 'The engine', mutants };
