import type { Group, Mutant } from '../mutant.ts';

const verdict = 'libs/recovery/src/verdict.ts';
const act = 'libs/recovery/src/act.ts';
const ofRecovery = ['libs/recovery'];

const recoveryMutants: readonly Mutant[] = [
  {
    id: 'M1501',
    file: verdict,
    find: `if (origin === 'another-cluster') return left('others', 'it belongs to another cluster'); // J1`,
    replace: '',
    fault: 'branches of another cluster are judged by this journal',
    killers: ofRecovery,
  },
  {
    id: 'M1502',
    file: verdict,
    find: `return left('in-doubt', 'the journal cannot be read, so nothing is known of it'); // J2`,
    replace: `return unless(isYoung(sighting, policy), () => onUnheardOf(origin, policy));`,
    fault: 'an abort is presumed while the journal cannot be read',
    killers: ofRecovery,
  },
  {
    id: 'M1503',
    file: verdict,
    find: `if (decision === 'undecided') return left('in-doubt', 'nothing has been decided yet'); // J3`,
    replace: `if (decision === 'undecided') {
    return verdict('reappeared', { type: 'finish', decision: 'rollback' }, 'not decided');
  }`,
    fault: 'a branch is rolled back while its transaction may still commit',
    killers: ofRecovery,
  },
  {
    id: 'M1504',
    file: verdict,
    find: `return verdict('reappeared', { type: 'finish', decision }, reason);`,
    replace: `return verdict('reappeared', { type: 'finish', decision: 'rollback' }, reason);`,
    fault: 'a branch that reappears is rolled back, whatever was decided',
    killers: ofRecovery,
    also: ['simulator'],
  },
  {
    id: 'M1505',
    file: verdict,
    find: `if (decision === 'commit' && work === 'other') {`,
    replace: `if (decision === 'rollback' && work === 'other') {`,
    fault: 'the same work, prepared a second time, is committed twice',
    killers: ofRecovery,
  },
  {
    id: 'M1506',
    file: verdict,
    find: `return scans < SCANS_MIN || ageMs < orphanAgeMs;`,
    replace: `return scans < SCANS_MIN && ageMs < orphanAgeMs;`,
    fault: 'an orphan is one at first sight',
    killers: ofRecovery,
  },
  {
    id: 'M1507',
    file: verdict,
    find: `left('orphaned', 'it is older than what is remembered: it may have been committed'),`,
    replace: `onUnheardOf(origin, policy),`,
    fault: 'an abort is presumed of what may have been committed and forgotten',
    killers: ofRecovery,
  },
  {
    id: 'M1508',
    file: verdict,
    find: `if (decision === 'rollback' && origin === 'our-cluster') {`,
    replace: `if (decision === 'rollback' && origin !== 'our-cluster') {`,
    fault: 'what never enlisted in a transaction that was rolled back waits for a person',
    killers: ofRecovery,
  },
  {
    id: 'M1509',
    file: act,
    find: `return presumeAbort(found, means);`,
    replace: `return finish(found, 'rollback', means);`,
    fault: 'a presumed abort is not written before it is done',
    killers: ofRecovery,
    also: ['simulator'],
  },
  {
    id: 'M1510',
    file: 'libs/recovery/src/watch.ts',
    find: `if (!still.has(keyOf(branch)) || this.stopping) continue;`,
    replace: `if (this.stopping) continue;`,
    fault: 'what has just been ended is held for what has reappeared',
    killers: ofRecovery,
  },
  {
    id: 'M1511',
    file: 'libs/recovery/src/lookup.ts',
    find: `const before = isAnyMissing ? await forgottenBefore() : null; // K1`,
    replace: `const before = isAnyMissing ? null : await forgottenBefore(); // K1`,
    fault: 'what was forgotten counts as never heard of',
    killers: ofRecovery,
  },
  {
    id: 'M1512',
    file: 'libs/recovery/src/turns.ts',
    find: `    if (this.isWaiting) {
`,
    replace: `    if (this.isWaiting && timeoutMs < 0) {
`,
    fault: 'a resource manager that hangs collects calls',
    killers: ofRecovery,
  },
];

const engine = 'libs/engine/src/engine.ts';
const flights = 'libs/engine/src/flights.ts';
const arrive = 'libs/journal/src/statements/arrive.ts';
const ofArrivals = ['test/engine/arrivals.spec.ts', 'test/faults/recovery-race.spec.ts'];
const ofStatement = ['test/journal/arrive-within.spec.ts'];

const arrivalMutants: readonly Mutant[] = [
  {
    id: 'M1601',
    file: flights,
    find: `const deliveries = deliveriesOf(beginning);`,
    replace: `const deliveries = deliveriesOf(beginning).slice(1);`,
    fault: 'what has happened before an arrival is not all written with it',
    killers: ofArrivals,
    also: ['simulator'],
  },
  {
    id: 'M1602',
    file: engine,
    find: `return verdict === 'appended' ? 'begun' : 'known';`,
    replace: `return verdict === 'conflict' ? 'begun' : 'begun';`,
    fault: 'an arrival that came second is told that it was first',
    killers: ofArrivals,
    also: ['simulator'],
  },
  {
    id: 'M1603',
    file: flights,
    find: `{ idempotency, through = this.ports.journal }: Beginning = {},`,
    replace: `{ idempotency, through: _ }: Beginning = {},
    through: Pick<Journal, 'append'> = this.ports.journal,`,
    fault: 'the decision is not written in the transaction of the last resource',
    killers: ofArrivals,
    also: ['simulator'],
  },
  {
    id: 'M1604',
    file: arrive,
    find: `values ($2, 1, to_timestamp($13::float8 / 1000), $14::json, $15::json)\``,
    replace: `values ($2, 1, to_timestamp($13::float8 / 1000), $14::json, $15::json)
    on conflict do nothing\``,
    fault: 'what has ended arrives again with the last resource',
    killers: ofStatement,
  },
  {
    id: 'M1605',
    file: arrive,
    find: `to_timestamp($10::float8 / 1000)`,
    replace: `to_timestamp($10::float8 / 1000) + interval '1 year'`,
    fault: 'nobody takes over what has arrived with the last resource',
    killers: ofStatement,
  },
  {
    id: 'M1606',
    file: flights,
    find: `await other.begun; // if that failed, the gtid may be free`,
    replace: '',
    fault: 'an arrival is known that is only being written',
    killers: ['test/simulation/regressions.spec.ts'],
  },
  {
    id: 'M1607',
    file: arrive,
    find: `in ('off', 'local')`,
    replace: `in ('never')`,
    fault: 'the decision of a session that does not wait for its commits is not durable',
    killers: ofStatement,
  },
  {
    id: 'M1608',
    file: 'libs/engine/src/flight.ts',
    find: `forced: forced || !isEnded(transaction), // F3`,
    replace: `forced,`,
    fault: 'a version is built upon one that may be forgotten',
    killers: ['test/simulation/regressions.spec.ts'],
  },
];

export const recoveryGroup: Group = {
  title: 'Recovery of what is prepared',
  mutants: recoveryMutants,
};
export const arrivalsGroup: Group = { title: 'Arrivals', mutants: arrivalMutants };
