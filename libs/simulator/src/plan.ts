// What a seed wants to happen, faults aside: the limits of the engines, the participants, and some
// twenty transactions with what their initiators will do. Drawn before the run, as data.
import type {
  BranchDefinition,
  EngineLimits,
  ParticipantRef,
  RetryPolicy,
} from '@concordat/engine';
import type { BranchId, Json, ProtocolName } from '@concordat/protocols';
import { graphFault, protocolNames } from '@concordat/protocols';
import type { Arrivals, ArrivalsPlan } from './arrivals-plan.js';
import { arrivalsOf, DATABASES, troubleOf } from './arrivals-plan.js';
import type { Fault } from './faults.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';
import { faultsOf } from './swarm.js';

export interface Plan {
  readonly seed: number;
  readonly instances: readonly string[];
  readonly participants: readonly string[];
  readonly limits: EngineLimits;
  /** How long a participant of 3PC hears nothing before it stands in for its coordinator, about. */
  readonly silenceMs: number;
  /** False: nothing but the sweep looks at anything (wakeups are `none`). */
  readonly hasWakeups: boolean;
  readonly transactions: readonly TransactionPlan[];
  /** Undefined: nothing arrives with its votes, and nothing is recovered. */
  readonly arrivals: ArrivalsPlan | undefined;
  readonly faults: readonly Fault[];
  /** Until then anything may fail; after it nothing does, and everything must end. */
  readonly safetyMs: number;
}

export interface TransactionPlan {
  /** `t0`, `t1`, …; a gtid begins with it. */
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly beginsAt: number;
  readonly deadlineMs: number;
  readonly branches: readonly BranchPlan[];
  /** How many of the branches come with the begin; the others enlist. */
  readonly begunWith: number;
  readonly key: string | undefined;
  readonly script: Script;
}

/** What the initiator does once it has begun. */
export type Script =
  | 'wait' // a driven transaction: waits for its end
  | 'regret' // driven, and then asks for a rollback
  | 'commit' // active: enlists, then asks for the commit
  | 'rollback' // active: enlists, then asks for the rollback
  | 'race' // active: asks for both at once, at two instances, while it still enlists
  | 'deadline' // active: asks for the commit in the millisecond of the deadline
  | 'forget'; // active: enlists and says no more; the deadline decides

export interface BranchPlan {
  readonly id: BranchId;
  readonly participant: string;
  readonly amount: number;
  readonly dependsOn: readonly BranchId[];
  readonly pivot: boolean;
  readonly onePhase: boolean;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly vote: 'yes' | 'read-only' | 'refused';
  /** How often it answers `working` before it votes. */
  readonly worksTimes: number;
  readonly result: Json | undefined;
}

const PARTICIPANTS = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'];
const TRANSACTIONS = 20;
const BRANCHES_MAX = 5;
/** In so many seeds nothing is wrong with the coordinators and their journal. */
const PEACEFUL_SEEDS_RATIO = 0.12;

export function planOf(seed: number, mode: Arrivals = 'drawn'): Plan {
  const dice = streamOf(seed, 'plan');
  const isPeaceful = streamOf(seed, 'peace').chance(PEACEFUL_SEEDS_RATIO);
  const instances = ['c0', 'c1', 'c2'].slice(0, dice.chance(0.25) ? 3 : 2);
  const safetyMs = dice.magnitude(1_500, 8_000);
  const limits = limitsOf(streamOf(seed, 'limits'), isPeaceful);
  const only = dice.chance(0.25) ? dice.pick(protocolNames) : undefined;
  const transactions = Array.from({ length: TRANSACTIONS }, (_, index) =>
    transactionOf(index, { safetyMs, limits, only }, streamOf(seed, 'transaction', index)),
  );
  const arrivals = arrivalsOf(seed, { instances, safetyMs }, mode);
  const cast = {
    instances,
    participants: PARTICIPANTS,
    transactions: transactions.map(({ name }) => name),
    arrivals: arrivals?.transactions.map(({ name }) => name) ?? [],
    databases: arrivals === undefined ? [] : DATABASES,
    safetyMs,
    isPeaceful,
  };
  const plan = {
    seed,
    instances,
    participants: PARTICIPANTS,
    limits,
    hasWakeups: dice.chance(0.7),
    silenceMs: dice.magnitude(3, 1_500),
    transactions,
    arrivals,
    faults: faultsOf(seed, cast),
    safetyMs,
  };
  if (mode !== 'alone') return plan;
  return { ...plan, transactions: [], faults: troubleOf(safetyMs) };
}

/** Small limits bring about in seconds what large ones need a crowd for. */
function limitsOf(dice: Prng, isPeaceful: boolean): EngineLimits {
  const limits = {
    inFlightMax: dice.chance(0.3) ? dice.whole(2, 10) : 10_000,
    branchesMax: dice.chance(0.1) ? 4 : BRANCHES_MAX,
    leaseMs: dice.magnitude(20, 3_000),
    sweepPeriodMs: dice.magnitude(20, 800),
    sweepBatchMax: dice.chance(0.3) ? dice.whole(1, 4) : 200,
    lazyMs: dice.magnitude(1, 100),
    stuckAttemptsMin: dice.whole(1, 4),
    parkedMs: 10_000,
  };
  if (!isPeaceful) return limits;
  // A lease is always renewed in time (C1 in courtesy.ts).
  const leaseMs = Math.max(limits.leaseMs, 60);
  const sweepPeriodMs = Math.ceil(leaseMs / 6);
  return { ...limits, leaseMs, sweepPeriodMs, lazyMs: Math.min(limits.lazyMs, leaseMs / 12) };
}

function transactionOf(
  index: number,
  {
    safetyMs,
    limits,
    only,
  }: Pick<Plan, 'safetyMs' | 'limits'> & { only: ProtocolName | undefined },
  dice: Prng,
): TransactionPlan {
  const protocol = only ?? dice.pick(protocolNames);
  const script = scriptOf(protocol, dice);
  const isActive = script !== 'wait' && script !== 'regret';
  const countMax = isActive ? BRANCHES_MAX : limits.branchesMax;
  const count = dice.chance(0.03) && isActive ? 0 : dice.whole(1, countMax);
  return {
    name: `t${index}`,
    protocol,
    beginsAt: dice.whole(0, Math.round(safetyMs * 0.7)),
    deadlineMs: dice.chance(0.3) ? dice.magnitude(5, 300) : dice.magnitude(300, 8_000),
    branches: branchesOf(protocol, count, script === 'race', dice),
    begunWith: isActive ? dice.whole(0, Math.min(count, limits.branchesMax)) : count,
    key: dice.chance(0.6) ? `key-${index}` : undefined,
    script,
  };
}

function scriptOf(protocol: ProtocolName, dice: Prng): Script {
  if (protocol === 'saga' || dice.chance(0.5)) return dice.chance(0.15) ? 'regret' : 'wait';
  return dice.pick(['commit', 'commit', 'commit', 'rollback', 'race', 'deadline', 'forget']);
}

/** @param anySubset some of them may commit without the others, so they move nothing */
function branchesOf(
  protocol: ProtocolName,
  count: number,
  anySubset: boolean,
  dice: Prng,
): readonly BranchPlan[] {
  const ids = Array.from({ length: count }, (_, index) => `b${index}` as BranchId);
  const pivotAt = protocol === 'saga' && dice.chance(0.6) ? dice.whole(0, count - 1) : -1;
  const drawn = ids.map((id, index) =>
    branchOf(
      protocol,
      id,
      { dependsOn: dependenciesOf(ids, index, dice), pivot: index === pivotAt },
      dice,
    ),
  );
  const moving = anySubset ? [] : drawn.filter(({ vote }) => vote !== 'read-only');
  const amounts = moving.map(() => dice.whole(-50, 50));
  const last = moving.length - 1;
  if (last >= 0) amounts[last] = -amounts.slice(0, last).reduce((sum, one) => sum + one, 0);
  const plans = drawn.map((branch) => ({
    ...branch,
    amount: amounts[moving.indexOf(branch)] ?? 0,
  }));
  return graphFault(plans) === undefined ? plans : plans.map((one) => ({ ...one, dependsOn: [] }));
}

/** Some chain, some fan out, some do not depend on each other at all. */
function dependenciesOf(ids: readonly BranchId[], index: number, dice: Prng): readonly BranchId[] {
  const before = ids.slice(0, index);
  switch (dice.pick(['chain', 'any', 'none'] as const)) {
    case 'chain':
      return before.slice(-1);
    case 'any':
      return before.filter(() => dice.chance(0.4));
    case 'none':
      return [];
  }
}

function branchOf(
  protocol: ProtocolName,
  id: BranchId,
  step: Pick<BranchPlan, 'dependsOn' | 'pivot'>,
  dice: Prng,
): BranchPlan {
  return {
    id,
    ...(protocol === 'saga' ? step : { dependsOn: [], pivot: false }),
    participant: dice.pick(PARTICIPANTS),
    amount: 0,
    onePhase: protocol === '2pc' && dice.chance(0.5),
    timeoutMs: dice.magnitude(20, 1_000),
    retry: {
      attemptsMax: dice.chance(0.3) ? dice.whole(1, 6) : null,
      firstDelayMs: dice.magnitude(5, 200),
      delayMaxMs: dice.magnitude(200, 2_000),
    },
    vote: voteOf(protocol, dice),
    worksTimes: dice.chance(0.1) ? dice.whole(1, 4) : 0,
    result: dice.chance(0.3) ? { by: id, number: dice.whole(0, 9) } : undefined,
  };
}

function voteOf(protocol: ProtocolName, dice: Prng): BranchPlan['vote'] {
  if (dice.chance(0.05)) return 'refused';
  return protocol === '2pc' && dice.chance(0.1) ? 'read-only' : 'yes';
}

/** The participants of a plan are registered: each is known by its name. */
export function nameOf(participant: ParticipantRef): string {
  return typeof participant === 'string' ? participant : participant.url;
}

export function definitionOf(branch: BranchPlan): BranchDefinition {
  const { id, participant, dependsOn, pivot, onePhase, timeoutMs, retry } = branch;
  const payload = { amount: branch.amount };
  return { id, participant, payload, dependsOn, pivot, onePhase, timeoutMs, retry };
}
