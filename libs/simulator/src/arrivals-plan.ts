// What a seed wants to arrive: global transactions of the coordinators' own processes, over
// databases of theirs, which the journal first hears of when they have votes. And how recovery
// looks after what they leave behind.
//
// In half of the seeds. Everything is drawn from streams of its own: without its arrivals, a seed
// is what it was before there were any. `alone`, there is nothing else, recovery is eager, and the
// journal is in trouble all the time, but nothing else: what happens once in some ten thousand
// seeds, happens once in a hundred of these.
import type { BranchId } from '@concordat/protocols';
import type { Fault } from './faults.js';
import type { BranchPlan, Plan, TransactionPlan } from './plan.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';

export type Arrivals = 'drawn' | 'none' | 'alone';

export interface ArrivalsPlan {
  readonly transactions: readonly ArrivalPlan[];
  readonly recovery: {
    readonly scanPeriodMs: number;
    /** Short enough to presume upon what is only slow. */
    readonly orphanAgeMs: number;
    readonly answerTimeoutMs: number;
  };
}

export interface ArrivalPlan extends Pick<
  TransactionPlan,
  'name' | 'protocol' | 'key' | 'branches' | 'beginsAt' | 'deadlineMs'
> {
  readonly index: number;
  /** The instance in whose process it runs. */
  readonly at: string;
  /** The branch whose database holds the journal, and commits with the decision. */
  readonly last: BranchId | undefined;
  /** How long its work takes, until it is prepared. */
  readonly worksMs: number;
  /** How long it waits for a database to prepare. */
  readonly patienceMs: number;
  /** How long it tries to find out what has become of its decision. */
  readonly settleMs: number;
}

/** Participants that are databases, too. The last one holds the journal. */
export const DATABASES = ['p0', 'p1', 'p2', 'p3'].map((name) => name as BranchId);

/** Of the journal. */
export const CLUSTER = 'c0ffee00';

const EAGER = { scanPeriodMs: 60, orphanAgeMs: 1, answerTimeoutMs: 500 };
/** How likely, and for how long. */
const TROUBLE = {
  'journal-late-write': [0.4, 1_500],
  'journal-slow': [0.6, 300],
  'journal-unavailable': [0.2, 0],
  'journal-reply-lost': [0.2, 0],
} as const;
const SEEDS_RATIO = 0.5;
const ARRIVALS_MAX = 8;
const RETRY = { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 };
/** A gtid of theirs ends with the number of its plan: so far from its end. */
const INDEX_DIGITS = 12;

export function arrivalsOf(
  seed: number,
  { instances, safetyMs }: Pick<Plan, 'instances' | 'safetyMs'>,
  arrivals: Arrivals,
): ArrivalsPlan | undefined {
  const dice = streamOf(seed, 'arrivals');
  const isDrawn = dice.chance(SEEDS_RATIO);
  if (arrivals === 'none' || (arrivals === 'drawn' && !isDrawn)) return undefined;
  const recovery = {
    scanPeriodMs: dice.magnitude(150, 2_000),
    orphanAgeMs: dice.magnitude(50, 3_000),
    answerTimeoutMs: dice.magnitude(100, 2_000),
  };
  const transactions = Array.from({ length: dice.whole(2, ARRIVALS_MAX) }, (_, index) => {
    const own = streamOf(seed, 'arrival', index);
    const at = own.pick(instances);
    return { ...arrivalOf(index, own), at, beginsAt: own.whole(0, Math.round(safetyMs * 0.8)) };
  });
  return { transactions, recovery: arrivals === 'alone' ? { ...recovery, ...EAGER } : recovery };
}

/** What is wrong with the journal where there are arrivals alone. */
export function troubleOf(safetyMs: number): readonly Fault[] {
  return Object.entries(TROUBLE).map(([kind, [ratio, ms]], index) => {
    const window = { target: '*', from: 0, until: safetyMs, nth: 1 };
    return { number: index + 1, kind: kind as keyof typeof TROUBLE, ratio, ms, ...window };
  });
}

/** Its plan's name stands for it where the gtid is a UUID, as recovery wants them. */
export function gtidOf({ index }: ArrivalPlan, now: number): string {
  const time = now.toString(16).padStart(12, '0');
  const last = index.toString(16).padStart(INDEX_DIGITS, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${last}`;
}

/** A gtid begins with the name of its plan, `t7.1`, or is one of `gtidOf`. */
export function planNameOf(gtid: string): string {
  if (!isArrival(gtid)) return gtid.slice(0, gtid.indexOf('.'));
  return `a${Number.parseInt(gtid.slice(-INDEX_DIGITS), 16)}`;
}

export function isArrival(gtid: string): boolean {
  return !gtid.includes('.');
}

function arrivalOf(index: number, dice: Prng): Omit<ArrivalPlan, 'at' | 'beginsAt'> {
  const databases = dice.shuffled(DATABASES).slice(0, dice.whole(2, DATABASES.length));
  const home = DATABASES.at(-1);
  const holdsLast = dice.chance(0.6) && databases.some((name) => name === home);
  return {
    index,
    name: `a${index}`,
    protocol: '2pc',
    key: undefined,
    branches: branchesOf(databases, dice),
    deadlineMs: 30_000,
    last: holdsLast ? home : undefined,
    worksMs: dice.magnitude(1, 500),
    patienceMs: dice.magnitude(50, 2_000),
    settleMs: dice.magnitude(500, 10_000),
  };
}

/** A branch is named after its database. */
function branchesOf(databases: readonly BranchId[], dice: Prng): readonly BranchPlan[] {
  const votes = databases.map(() => voteOf(dice));
  const moving = databases.filter((_, index) => votes[index] === 'yes');
  const amounts = moving.map(() => dice.whole(-50, 50));
  const others = amounts.slice(0, -1).reduce((sum, one) => sum + one, 0);
  if (amounts.length > 0) amounts[amounts.length - 1] = -others;
  return databases.map((id, index) => ({
    id,
    participant: id,
    amount: amounts[moving.indexOf(id)] ?? 0,
    dependsOn: [],
    pivot: false,
    onePhase: false,
    timeoutMs: dice.magnitude(20, 1_000),
    retry: RETRY,
    vote: votes[index] ?? 'yes',
    worksTimes: 0,
    result: undefined,
  }));
}

function voteOf(dice: Prng): BranchPlan['vote'] {
  if (dice.chance(0.05)) return 'refused';
  return dice.chance(0.1) ? 'read-only' : 'yes';
}
