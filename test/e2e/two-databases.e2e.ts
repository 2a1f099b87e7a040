// One transfer across PostgreSQL and MariaDB commits or rolls back together, while coordinator,
// service and either server are killed by SIGKILL, a hundred times.
//
// The two kinds of branch take turns: those of services with the SDK, and those that a service has
// prepared itself under the name that it was given, which the coordinator ends in the database.
//
// SEED=<number> draws the same victims and moments again. What a process does then is its own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAtRest } from './support/two-databases/at-rest.js';
import { Random } from './support/two-databases/random.js';
import type { Round, Victim } from './support/two-databases/rounds.js';
import { play, roundsFrom, victims } from './support/two-databases/rounds.js';
import { kinds, Town } from './support/two-databases/town.js';
import type { Told } from './support/two-databases/transfers.js';

const ROUNDS = 100;
const KILLS_OF_EACH_MIN = 15;
const REST_EVERY = 10;
const JOURNAL_KILLS_MIN = 5;
/** It takes two minutes on two quiet cores; only a machine that is very busy takes longer. */
const TIMEOUT_MS = 900_000;

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const town = await Town.found();

beforeAll(() => town.open());

afterAll(() => town.close());

test(
  `a transfer across Postgres and MariaDB is whole after ${ROUNDS} kills (seed ${seed})`,
  async () => {
    const told: Told[] = [];
    const kills = new Map<Victim | 'journal', number>();
    for (const round of roundsFrom(new Random(seed), ROUNDS)) {
      const struck = await play(town, round, new Random(seed + round.number));
      told.push(...struck.told);
      say(round, struck.inFlight, struck.told);
      expect(struck.inFlight.at(-1), 'transactions in flight at the kill').toBeGreaterThan(0);
      kills.set(round.victim, (kills.get(round.victim) ?? 0) + 1);
      if (round.andJournal) kills.set('journal', (kills.get('journal') ?? 0) + 1);
      const others = town.everyProcess().filter((process) => process.hasEnded());
      expect(others, 'who has died without being killed').toEqual([]);
      if (round.number % REST_EVERY === 0) await expectAtRest(town, told);
    }
    for (const victim of victims) {
      expect(kills.get(victim), victim).toBeGreaterThanOrEqual(KILLS_OF_EACH_MIN);
    }
    expect(kills.get('journal')).toBeGreaterThanOrEqual(JOURNAL_KILLS_MIN);
    for (const kind of kinds) {
      const outcomes = new Set(told.filter((one) => one.kind === kind).map((t) => t.outcome));
      expect([...outcomes].toSorted(), kind).toEqual(['committed', 'rolled-back']);
    }
  },
  TIMEOUT_MS,
);

/** So that a run that fails can be told from its print. */
function say(round: Round, inFlight: readonly number[], told: readonly Told[]): void {
  const { number, kind, victim, andJournal, momentMs } = round;
  const committed = told.filter(({ outcome }) => outcome === 'committed').length;
  const who = andJournal ? `${victim} and the journal` : victim;
  process.stdout.write(
    `round ${number} (${kind}): ${who} killed after ${momentMs} ms, ` +
      `in flight ${inFlight.join(', ')}; ${committed} of ${told.length} committed\n`,
  );
}
