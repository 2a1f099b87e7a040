// One seed, from its plan to what came of it.
import type { Arrivals } from './arrivals-plan.js';
import type { Fault, FaultKind } from './faults.js';
import type { TransactionHistory } from './history.js';
import { isHonest } from './history.js';
import { planOf } from './plan.js';
import type { Loads } from './store.js';
import type { OperatorsMode } from './operators.js';
import { World } from './world.js';

export interface SimulateOptions {
  /** Of the seed's faults, the numbers of those that are left out. */
  readonly without?: ReadonlySet<number>;
  readonly keepsTrace?: boolean;
  readonly loads?: Loads;
  /** `none`: nothing arrives with its votes. So it was when some of the pinned seeds were found. */
  readonly arrivals?: Arrivals;
  /** `none`: nobody intervenes. So it was when some of the pinned seeds were found. */
  readonly operators?: OperatorsMode;
}

export interface Result {
  readonly seed: number;
  /** Empty if all was well. */
  readonly complaints: readonly string[];
  readonly faults: readonly Fault[];
  readonly traceHash: string;
  /** All lines, or only the last ones. */
  readonly trace: readonly string[];
  readonly transactions: readonly TransactionHistory[];
  readonly counts: Counts;
}

/** What was reached, by its name. */
export interface Counts {
  readonly transactions: number;
  /** Protocol and outcome: `2pc committed`. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Protocol and phase: `2pc preparing`; of surrogates, `surrogate electing`. */
  readonly phases: ReadonlyMap<string, number>;
  /** How often each kind of fault has hit. */
  readonly fired: ReadonlyMap<FaultKind, number>;
  /** What became of transactions that arrive, and what recovery did: `told commit`. */
  readonly arrivals: ReadonlyMap<string, number>;
  readonly calls: {
    readonly delivered: number;
    readonly duplicates: number;
    readonly staleAttempted: number;
    readonly staleAccepted: number;
  };
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Result> {
  const { without = new Set(), keepsTrace = false, loads = 'durable' } = options;
  const { arrivals, operators = 'drawn' } = options;
  const plan = planOf(seed, arrivals);
  const faults = plan.faults.filter(({ number }) => !without.has(number));
  const world = new World(plan, { faults, keepsTrace, loads, operators });
  const complaints = await world.run();
  return {
    seed,
    complaints,
    faults,
    traceHash: world.trace.hash(),
    trace: keepsTrace ? world.trace.lines : world.trace.tail(),
    transactions: [...world.recorder.transactions.values()],
    counts: countsOf(world),
  };
}

function countsOf({ recorder, nemesis }: World): Counts {
  const transactions = [...recorder.transactions.values()].filter((one) => one.versions.length > 0);
  const outcomes = new Map<string, number>();
  const phases = new Map<string, number>();
  for (const { protocol, versions } of transactions) {
    add(outcomes, `${protocol} ${versions.at(-1)?.outcome ?? 'parked'}`);
    for (const { phase } of versions) add(phases, `${protocol} ${phase}`);
  }
  for (const [phase, count] of recorder.surrogatePhases) add(phases, `surrogate ${phase}`, count);
  return {
    transactions: transactions.length,
    outcomes,
    phases,
    fired: nemesis.fired,
    arrivals: recorder.arrivals,
    calls: callsOf(transactions),
  };
}

function callsOf(transactions: readonly TransactionHistory[]): Counts['calls'] {
  const total = { delivered: 0, duplicates: 0, staleAttempted: 0, staleAccepted: 0 };
  for (const branch of transactions.flatMap(({ branches }) => branches)) {
    const { calls } = branch;
    total.delivered += calls.delivered;
    total.duplicates += calls.duplicates;
    total.staleAttempted += calls.staleAttempted;
    if (isHonest(branch)) total.staleAccepted += calls.staleAccepted;
  }
  return total;
}

export function add<Name>(counts: Map<Name, number>, name: Name, count = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
