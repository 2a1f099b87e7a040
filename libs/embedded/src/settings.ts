// How long the coordinator inside an application waits for what. Each can be set.
import { Misused } from './errors.js';

export interface EmbeddedSettings {
  /** How long the work of a global transaction may take. */
  readonly deadlineMs: number;
  /** How long a database may take to vote, or to commit alone; the branch is rolled back then. */
  readonly voteTimeoutMs: number;
  /** How long `run` waits for a decided transaction to end. */
  readonly endWaitMs: number;
  /** How long `run` tries to find out what has become of a decision. */
  readonly settleMs: number;
  /** Of one call of a database, when a branch is ended. */
  readonly callTimeoutMs: number;
  /**
   * How old a prepared branch of ours is that nobody knows, when it is rolled back. Its transaction
   * may still be voted on: so, unless it is set, longer than that can take.
   */
  readonly orphanAgeMs: number;
  readonly scanPeriodMs: number;
  readonly sweepPeriodMs: number;
  readonly leaseMs: number;
  /** How long to wait at boot for a journal that does not answer yet. */
  readonly databaseWaitMs: number;
  readonly journalConnectionsMax: number;
  /** For how long ended transactions, and so their decisions, are remembered. */
  readonly retentionDays: number;
}

const ORPHAN_MARGIN_MS = 10_000;

export const defaultSettings: EmbeddedSettings = {
  deadlineMs: 30_000,
  voteTimeoutMs: 10_000,
  endWaitMs: 5_000,
  settleMs: 10_000,
  callTimeoutMs: 5_000,
  orphanAgeMs: 20_000 + ORPHAN_MARGIN_MS,
  scanPeriodMs: 5_000,
  sweepPeriodMs: 1_000,
  leaseMs: 5_000,
  databaseWaitMs: 60_000,
  journalConnectionsMax: 8,
  retentionDays: 30,
};

/** The longest that a timer of Node can wait, almost 25 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const MAXIMA: { readonly [Name in keyof EmbeddedSettings]?: number } = {
  journalConnectionsMax: 1_000,
  retentionDays: 3_650,
};
/** Not to wait at all is a way to wait. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['endWaitMs', 'settleMs', 'databaseWaitMs']);

/** @throws Misused, which names the setting that cannot be */
export function settingsOf(given: Partial<EmbeddedSettings> = {}): EmbeddedSettings {
  const chosen = { ...defaultSettings, ...withoutUndefined(given) };
  const orphanAgeMs =
    given.orphanAgeMs ?? chosen.voteTimeoutMs + chosen.settleMs + ORPHAN_MARGIN_MS;
  const settings: EmbeddedSettings = { ...chosen, orphanAgeMs };
  for (const [name, value] of Object.entries(settings)) check(name, value);
  if (settings.leaseMs < settings.sweepPeriodMs) {
    throw new Misused('leaseMs is less than sweepPeriodMs: the lease would run out between sweeps');
  }
  return settings;
}

function check(name: string, value: unknown): void {
  const max = (MAXIMA as { readonly [name: string]: number })[name] ?? TIMER_MS_MAX;
  const min = MAY_BE_ZERO.has(name) ? 0 : 1;
  if (!(name in defaultSettings)) throw new Misused(`there is no setting "${name}"`);
  const isGood = typeof value === 'number' && Number.isInteger(value);
  if (isGood && value >= min && value <= max) return;
  throw new Misused(`${name} is ${String(value)}, and must be a whole number, ${min} to ${max}`);
}

function withoutUndefined<Part extends object>(part: Part): Part {
  return Object.fromEntries(
    Object.entries(part).filter(([, value]) => value !== undefined),
  ) as Part;
}
