/** Everything that grows has a bound, and every bound has its unit in its name. */
export interface EngineLimits {
  /**
   * Transactions held in memory; past it a begin is refused as Overloaded. Those that sweeps and
   * wakeups take are half of it at most.
   */
  readonly inFlightMax: number;
  /** Branches of one transaction. */
  readonly branchesMax: number;
  /**
   * How long others leave alone a transaction that somebody works on. Renewed while calls are under
   * way, so it bounds how long the transactions of a dead instance wait for another.
   */
  readonly leaseMs: number;
  /** How often the journal is searched for what is due, and leases are looked after. */
  readonly sweepPeriodMs: number;
  /** Transactions taken by one sweep. */
  readonly sweepBatchMax: number;
  /** How long a line that need not be forced may wait for company before it is written. */
  readonly lazyMs: number;
  /** Failed attempts of one call after which the transaction is shown as stuck. */
  readonly stuckAttemptsMin: number;
  /** How long a transaction rests of which something has happened that the journal cannot hold. */
  readonly parkedMs: number;
}

export const defaultLimits: EngineLimits = {
  inFlightMax: 10_000,
  branchesMax: 100,
  leaseMs: 5_000,
  sweepPeriodMs: 1_000,
  sweepBatchMax: 200,
  lazyMs: 20,
  stuckAttemptsMin: 3,
  parkedMs: 10_000,
};
