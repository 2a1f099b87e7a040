/** Everything that grows has a bound, and every bound has its unit in its name. */
export interface EngineLimits {
  /** Transactions held in memory; past it a begin is refused as Overloaded. */
  readonly inFlightMax: number;
  /** Branches of one transaction. */
  readonly branchesMax: number;
  /** How long a transaction that somebody looks at is left alone by others, beyond its calls. */
  readonly leaseMs: number;
  /** How often the journal is searched for what is due. */
  readonly sweepPeriodMs: number;
  /** Transactions taken by one sweep. */
  readonly sweepBatchMax: number;
  /** How long a line that need not be forced may wait for company before it is written. */
  readonly lazyMs: number;
  /** Failed attempts of one call after which the transaction is shown as stuck. */
  readonly stuckAttemptsMin: number;
}

export const defaultLimits: EngineLimits = {
  inFlightMax: 10_000,
  branchesMax: 100,
  leaseMs: 2_000,
  sweepPeriodMs: 1_000,
  sweepBatchMax: 200,
  lazyMs: 20,
  stuckAttemptsMin: 3,
};
