// A round: initiators transfer money without a pause, something is killed at a moment that the dice
// say, it is started again, and everybody is told the end.
//
// R1. A kill counts if transactions were in flight when it came: unfinished in the journal before,
//     and still unfinished after. What is killed in vain is killed again.
// R2. Which kind of transfer, who is killed and when is drawn before anything begins.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../support/eventually.js';
import type { Random } from './random.js';
import type { Kind, Town } from './town.js';
import { kinds } from './town.js';
import type { Told } from './transfers.js';
import { carryOut, orderOf } from './transfers.js';

export const victims = ['coordinator', 'service A', 'service B', 'Postgres', 'MariaDB'] as const;
export type Victim = (typeof victims)[number];

export interface Round {
  readonly number: number;
  readonly kind: Kind;
  readonly victim: Victim;
  /** The server of the journal dies in the same moment. */
  readonly andJournal: boolean;
  /** After several transactions were seen in flight. */
  readonly momentMs: number;
}

export interface Struck {
  readonly told: readonly Told[];
  /** For each kill: how many transactions were in flight (R1). The last one is not 0. */
  readonly inFlight: readonly number[];
}

const INITIATORS = 12;
const IN_FLIGHT_MIN = 4;
const MOMENT_MS_MAX = 120;
const KILLS_MAX = 10;
/** One in so many rounds. */
const JOURNAL_EVERY = 10;

/** As many of each kind, and of each victim in each kind. */
export function roundsFrom(random: Random, count: number): readonly Round[] {
  const perKind = count / kinds.length;
  const victimsOf = new Map(
    kinds.map((kind) => {
      const all = Array.from({ length: perKind }, (_, n) => victims[n % victims.length]);
      return [kind, random.shuffled(all)];
    }),
  );
  const indices = random.shuffled(Array.from({ length: count }, (_, index) => index));
  const withJournal = new Set(indices.slice(0, count / JOURNAL_EVERY));
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? 'sdk';
    const victim = victimsOf.get(kind)?.[Math.floor(index / kinds.length)] ?? 'coordinator';
    const andJournal = withJournal.has(index);
    return { number: index + 1, kind, victim, andJournal, momentMs: random.below(MOMENT_MS_MAX) };
  });
}

export async function play(town: Town, round: Round, random: Random): Promise<Struck> {
  let isOver = false;
  const initiate = async (): Promise<readonly Told[]> => {
    const told: Told[] = [];
    do told.push(await carryOut(town, orderOf(round.kind, random)));
    while (!isOver);
    return told;
  };
  const telling = Promise.all(Array.from({ length: INITIATORS }, initiate));
  telling.catch(() => undefined); // awaited below
  const inFlight: number[] = [];
  try {
    do inFlight.push(await strike(town, round));
    while (inFlight.at(-1) === 0 && inFlight.length < KILLS_MAX);
  } finally {
    isOver = true;
  }
  return { told: (await telling).flat(), inFlight };
}

async function strike(town: Town, { kind, victim, andJournal, momentMs }: Round): Promise<number> {
  const target = targetOf(town, kind, victim);
  const isBusy = async () => (await town.unfinished()).size >= IN_FLIGHT_MIN;
  await eventually(`${IN_FLIGHT_MIN} transactions are in flight`, isBusy);
  await sleep(momentMs);
  const before = await town.unfinished();
  await Promise.all([target.kill(), andJournal ? town.journalServer.kill() : undefined]);
  if (andJournal) await town.journalServer.start();
  const after = await town.unfinished();
  await target.start();
  return [...before].filter((gtid) => after.has(gtid)).length;
}

interface Target {
  kill(): Promise<unknown>;
  start(): Promise<void>;
}

function targetOf(town: Town, kind: Kind, victim: Victim): Target {
  const { services, postgres, mariadb } = town.houses[kind];
  switch (victim) {
    case 'coordinator':
      return town.coordinator;
    case 'service A':
      return services.alfa;
    case 'service B':
      return services.beta;
    case 'Postgres':
      return postgres;
    case 'MariaDB':
      return mariadb;
  }
}
