// The command line: `npm run simulate -- …`. Exits with 1 if a seed fails.
import process from 'node:process';
import type { Options } from './options.js';
import { parseOptions, USAGE } from './options.js';
import { minimize } from './minimize.js';
import { failureOf, summaryOf, tableOf } from './report.js';
import { runRange } from './range.js';
import { simulate } from './simulate.js';

/** The others are counted. */
const FAILURES_SHOWN_MAX = 5;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    return 1;
  }
  switch (options.type) {
    case 'help':
      say(USAGE);
      return 0;
    case 'seed':
      return one(options.seed, options.trace);
    case 'minimize':
      return smallest(options.seed);
    case 'range':
      return range(options);
  }
}

async function one(seed: number, trace: boolean): Promise<number> {
  const result = await simulate(seed, { keepsTrace: trace });
  if (trace) say(result.trace.join('\n'));
  const isGood = result.complaints.length === 0;
  say(isGood ? summaryOf(result) : failureOf({ ...result, trace: trace ? [] : result.trace }));
  return isGood ? 0 : 1;
}

async function smallest(seed: number): Promise<number> {
  const result = await minimize(seed);
  if (result.complaints.length === 0) {
    say(`seed ${seed} passes: there is nothing to minimize`);
    return 0;
  }
  say(failureOf(result));
  return 1;
}

async function range(options: Extract<Options, { type: 'range' }>): Promise<number> {
  const began = performance.now();
  const isTerminal = process.stdout.isTTY;
  const count = options.to - options.from + 1;
  let failed = 0;
  const clear = isTerminal ? '\r\u001B[K' : '';
  const result = await runRange(options, (done, failures) => {
    for (const failure of failures) {
      failed += 1;
      if (failed <= FAILURES_SHOWN_MAX) say(`${clear}${failure}\n`);
    }
    if (isTerminal) process.stdout.write(`${clear}${done} of ${count} seeds, ${failed} failed`);
  });
  say(`${clear}${tableOf(result.totals, performance.now() - began)}`);
  if (result.failed === 0) return 0;
  say(`${result.failed} of ${count} seeds have failed`);
  return 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
