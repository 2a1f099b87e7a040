/** What grows here has a bound. */
export interface RecoveryLimits {
  /** How often each resource manager is scanned. */
  readonly scanPeriodMs: number;
  /** A resource manager that takes longer to answer is held for unreachable. */
  readonly answerTimeoutMs: number;
  /** For everything that a self-test tries. */
  readonly selfTestTimeoutMs: number;
  /** Prepared branches that one scan asks the journal about; the next goes on from there. */
  readonly examinedMax: number;
  /** Of those, at once: the journal has other things to do. */
  readonly lookupsAtOnceMax: number;
  /** Prepared branches that are shown. */
  readonly shownMax: number;
  /** What was found and done, the latest first, for each resource manager. */
  readonly notesMax: number;
}

export const defaultRecoveryLimits: RecoveryLimits = {
  scanPeriodMs: 10_000,
  answerTimeoutMs: 15_000,
  selfTestTimeoutMs: 60_000,
  examinedMax: 10_000,
  lookupsAtOnceMax: 4,
  shownMax: 200,
  notesMax: 100,
};
