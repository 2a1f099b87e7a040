// What many seeds add up to. Counts alone, so that processes can send them to each other.
import type { Result } from './simulate.js';
import { add } from './simulate.js';

export interface Totals {
  seeds: number;
  transactions: number;
  readonly outcomes: Map<string, number>;
  readonly phases: Map<string, number>;
  readonly fired: Map<string, number>;
  readonly arrivals: Map<string, number>;
  readonly calls: Map<string, number>;
}

export function total(): Totals {
  return {
    seeds: 0,
    transactions: 0,
    outcomes: new Map(),
    phases: new Map(),
    fired: new Map(),
    arrivals: new Map(),
    calls: new Map(),
  };
}

export function addResult(totals: Totals, { counts }: Pick<Result, 'counts'>): void {
  totals.seeds += 1;
  totals.transactions += counts.transactions;
  for (const [name, count] of counts.outcomes) add(totals.outcomes, name, count);
  for (const [name, count] of counts.phases) add(totals.phases, name, count);
  for (const [name, count] of counts.fired) add(totals.fired, name, count);
  for (const [name, count] of counts.arrivals) add(totals.arrivals, name, count);
  for (const [name, count] of Object.entries(counts.calls)) add(totals.calls, name, count);
}

export function addTotals(totals: Totals, other: Totals): void {
  totals.seeds += other.seeds;
  totals.transactions += other.transactions;
  for (const kind of ['outcomes', 'phases', 'fired', 'arrivals', 'calls'] as const) {
    for (const [name, count] of other[kind]) add(totals[kind], name, count);
  }
}
