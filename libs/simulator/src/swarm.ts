// Which faults a seed has (swarm testing: Groce et al. 2012). Each seed has a random subset of the
// kinds, for what hides one fault is often another. A few seeds have none.
import type { Fault, FaultKind } from './faults.js';
import { BREACHES, faultKinds, rowOf } from './faults.js';
import type { Prng } from './prng.js';
import { streamOf } from './prng.js';

/** Who is there to be hit. */
export interface Cast {
  readonly instances: readonly string[];
  readonly participants: readonly string[];
  readonly transactions: readonly string[];
  /** Transactions that arrive with their votes, and where they have prepared. Maybe none. */
  readonly arrivals: readonly string[];
  readonly databases: readonly string[];
  /** Faults come between 0 and this instant. */
  readonly safetyMs: number;
  /** The coordinators and their journal are spared. */
  readonly isPeaceful: boolean;
}

/** In so many seeds nothing of a group fails. */
const GROUP_SPARED_RATIO = 0.25;
const CALM_SEEDS_RATIO = 0.03;
const FAULTS_A_KIND_MAX = 3;

export function faultsOf(seed: number, cast: Cast): readonly Fault[] {
  const dice = streamOf(seed, 'swarm');
  if (dice.chance(CALM_SEEDS_RATIO)) return [];
  const ratio = dice.pick([0.1, 0.25, 0.5]);
  const spared = new Set<Group>(groups.filter(() => dice.chance(GROUP_SPARED_RATIO)));
  if (dice.chance(0.5)) spared.add('breach');
  if (cast.isPeaceful) for (const group of ['coordinators', 'journal'] as const) spared.add(group);
  const kinds = faultKinds.filter((kind) => dice.chance(ratio) && !spared.has(groupOf(kind)));
  return kinds
    .filter((kind) => cast.arrivals.length > 0 || !isOfArrivals(kind))
    .flatMap((kind) => {
      const own = streamOf(seed, `fault ${kind}`);
      const count = own.whole(1, FAULTS_A_KIND_MAX);
      return Array.from({ length: count }, () => faultOf(kind, cast, own));
    })
    .map((fault, index) => ({ ...fault, number: index + 1 }));
}

const groups = ['network', 'participants', 'coordinators', 'journal', 'wakeups'] as const;
type Group = (typeof groups)[number] | 'breach' | 'initiators';

function groupOf(kind: FaultKind): Group {
  if (BREACHES.has(kind)) return 'breach';
  switch (rowOf(kind).target) {
    case 'link':
      return 'network';
    case 'participant':
      return 'participants';
    case 'instance':
      return 'coordinators';
    case 'journal':
    case 'database':
      return 'journal';
    case 'wakeups':
      return 'wakeups';
    case 'transaction':
    case 'arrival':
      return 'initiators';
    case 'restored':
      return 'participants';
  }
}

function isOfArrivals(kind: FaultKind): boolean {
  const { target } = rowOf(kind);
  return target === 'arrival' || target === 'restored';
}

function faultOf(kind: FaultKind, cast: Cast, dice: Prng): Omit<Fault, 'number'> {
  const row = rowOf(kind);
  const from = dice.whole(0, cast.safetyMs);
  const lastsMs = dice.magnitude(...row.lastsMs);
  const isMoment = row.lastsMs[0] === row.lastsMs[1];
  const ms = dice.magnitude(...row.ms);
  return {
    kind,
    target: targetOf(row.target, cast, dice),
    from,
    until: isMoment ? from : Math.min(from + lastsMs, cast.safetyMs),
    ratio: row.ratio[0] + dice.fraction() * (row.ratio[1] - row.ratio[0]),
    ms: kind === 'clock-error' && dice.chance(0.5) ? -ms : ms,
    nth: dice.magnitude(1, row.nthMax),
  };
}

function targetOf(target: ReturnType<typeof rowOf>['target'], cast: Cast, dice: Prng): string {
  switch (target) {
    case 'link':
      return linkOf(cast, dice);
    case 'instance':
      return dice.pick(cast.instances);
    case 'participant':
      return dice.chance(0.15) ? '*' : dice.pick(cast.participants);
    case 'journal':
      return dice.chance(0.4) ? '*' : dice.pick(cast.instances);
    case 'database':
    case 'wakeups':
      return '*';
    case 'transaction':
      return dice.pick(cast.transactions);
    case 'arrival':
      return dice.pick(cast.arrivals);
    case 'restored':
      return dice.pick(cast.databases);
  }
}

function linkOf({ instances, participants }: Cast, dice: Prng): string {
  const anyOf = (nodes: readonly string[]): string => (dice.chance(0.4) ? '*' : dice.pick(nodes));
  const c = anyOf(instances);
  const p = anyOf(participants);
  return dice.pick([
    `${c}>${p}`,
    `${p}>${c}`,
    `${c}>${p}`,
    `${p}>${c}`,
    `${p}>${anyOf(participants)}`,
    `i>${c}`,
    `${c}>i`,
  ]);
}
