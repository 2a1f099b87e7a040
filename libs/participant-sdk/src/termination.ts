// 3PC when the coordinator is silent: the participants end it among themselves.
//
//   every period: take what has been in doubt and silent for long ─▶ stand in once for each ─▶ note
//
// L1. What is in doubt is found in the participant's own table, so a restart changes nothing.
// L2. It goes on until each branch knows its decision, and slowly: a branch that could not be ended
//     is taken up again after as much silence as before.
// L3. At most `concurrencyMax` branches are under way, and each attempt is bounded: it makes every
//     call at most once, and every call has a timeout.
// L4. Elections are for progress; ballots keep safety. So clocks only say when to begin: ages are
//     compared by the clock of the database, and nothing depends on their being right.
import { setTimeout as sleep } from 'node:timers/promises';
import { InvariantViolation, unreachable } from '@concordat/protocols';
import type { Participant } from './participant.js';
import type { Peers } from './peers.js';
import type { Branch, Silent, Standings } from './standings.js';
import type { Ending } from './surrogate-run.js';
import { standInOnce } from './surrogate-run.js';

export interface TerminationOptions {
  readonly standings: Pick<Standings<never>, 'takeSilent' | 'promise' | 'blame'>;
  readonly participant: Participant;
  readonly peers: Peers;
  /**
   * How long nothing must have been heard before the first on the roster begins; the later ones
   * wait longer. More than the coordinator's `retry.delayMaxMs`: it may be there, and waiting.
   */
  readonly silenceMs: number;
  /** How often the table is looked at. */
  readonly periodMs: number;
  /** How many branches at once. */
  readonly concurrencyMax: number;
  readonly report?: (report: TerminationReport) => void;
}

/** What people should hear of it. */
export type TerminationReport =
  /** That it is blocked is said once for each reason. */
  | (Branch & Ending)
  /** A look or an attempt has failed, as when the database is away. It will be tried again. */
  | { readonly type: 'failed'; readonly error: unknown };

export interface Termination {
  /** Gives up what is under way: nothing is lost by it. Resolves when nothing is. */
  stop(): Promise<void>;
}

/** Begins at once. */
export function threePhaseTermination(options: TerminationOptions): Termination {
  const { standings, periodMs, silenceMs, concurrencyMax } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const look = async (): Promise<boolean> => {
    const taken = await standings.takeSilent(silenceMs, concurrencyMax);
    await Promise.all(taken.map((silent) => attempt(options, silent, signal)));
    return taken.length === concurrencyMax;
  };
  const running = (async () => {
    while (!signal.aborted) {
      const mayBeMore = await orReported(options, look);
      if (mayBeMore !== true) await pause(periodMs, signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function attempt(
  options: TerminationOptions,
  silent: Silent,
  signal: AbortSignal,
): Promise<void> {
  const { gtid, branch, lastError } = silent;
  await orReported(options, async () => {
    const ending = await standInOnce(silent, { ...options, signal });
    if (signal.aborted && ending.type === 'blocked') return; // it was we who gave up
    if (ending.type !== 'blocked') return options.report?.({ gtid, branch, ...ending });
    await options.standings.blame(silent, ending.reason);
    if (ending.reason !== lastError) options.report?.({ gtid, branch, ...ending });
  });
}

/** @returns undefined if it failed */
async function orReported<Value>(
  { report }: TerminationOptions,
  work: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvariantViolation) throw error;
    report?.({ type: 'failed', error });
    return undefined;
  }
}

/** The one place that waits. Half a period at least: several processes must not keep in step. */
async function pause(periodMs: number, signal: AbortSignal): Promise<void> {
  const ms = periodMs * (0.5 + Math.random() / 2);
  await sleep(ms, undefined, { signal }).catch(() => undefined); // woken by `stop`
}

/** A report in a line for the log of a service. */
export function reportLine(report: TerminationReport): string {
  switch (report.type) {
    case 'decided':
      return `${report.gtid} ${report.branch}: ${report.decision} without the coordinator`;
    case 'gave-way':
      return `${report.gtid} ${report.branch}: another participant is standing in for the coordinator`;
    case 'blocked':
      return `${report.gtid} ${report.branch}: in doubt; ${report.reason}`;
    case 'failed':
      return `standing in for the coordinator has failed: ${String(report.error)}`;
    default:
      return unreachable(report);
  }
}
