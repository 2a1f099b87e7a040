// Many seeds, in this process or in several. A seed is the same run wherever it runs.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { failureOf } from './report.js';
import { simulate } from './simulate.js';
import type { Totals } from './totals.js';
import { addResult, addTotals, total } from './totals.js';

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly jobs: number;
}

export interface RangeResult {
  readonly totals: Totals;
  /** Seeds with a complaint. */
  readonly failed: number;
}

/** What a process is asked for, and what it says when it has run some of it. */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}
export interface Progress {
  readonly totals: Totals;
  /** For people, with the command that shows them again. */
  readonly failures: readonly string[];
}

const PROGRESS_SEEDS = 20;

/** @param onProgress hears how many seeds have run, and the failures since the last time */
export async function runRange(
  { from, to, jobs }: Range,
  onProgress: (done: number, failures: readonly string[]) => void,
): Promise<RangeResult> {
  const totals = total();
  let failed = 0;
  const hear = (progress: Progress): void => {
    addTotals(totals, progress.totals);
    failed += progress.failures.length;
    onProgress(totals.seeds, progress.failures);
  };
  if (jobs === 1) {
    await runShare({ from, to, step: 1 }, hear);
  } else {
    const shares = Array.from({ length: jobs }, (_, index) => ({
      from: from + index,
      to,
      step: jobs,
    }));
    await Promise.all(shares.map((share) => inProcess(share, hear)));
  }
  return { totals, failed };
}

/** @param onProgress hears what has come of the seeds since the last time */
export async function runShare(
  { from, to, step }: Share,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  let totals = total();
  let failures: string[] = [];
  const report = (): void => {
    onProgress({ totals, failures });
    totals = total();
    failures = [];
  };
  for (let seed = from; seed <= to; seed += step) {
    const result = await simulate(seed);
    addResult(totals, result);
    if (result.complaints.length > 0) {
      failures.push(`${failureOf(result)}\nagain: npm run simulate -- --minimize ${seed}`);
    }
    if (totals.seeds === PROGRESS_SEEDS || failures.length > 0) report();
  }
  report();
}

function inProcess(share: Share, hear: (progress: Progress) => void): Promise<void> {
  const path = fileURLToPath(new URL('./job.js', import.meta.url));
  const child = fork(path, [JSON.stringify(share)], { serialization: 'advanced' });
  child.on('message', (progress) => hear(progress as Progress));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`a job has ended with ${signal ?? code}`));
    });
  });
}
