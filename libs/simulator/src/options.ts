// What the simulator is asked for on its command line.
import { parseArgs } from 'node:util';

export type Options =
  | { readonly type: 'range'; readonly from: number; readonly to: number; readonly jobs: number }
  | { readonly type: 'seed'; readonly seed: number; readonly trace: boolean }
  | { readonly type: 'minimize'; readonly seed: number }
  | { readonly type: 'help' };

export const USAGE = `usage: npm run simulate -- [options]
  --seeds A..B    run these seeds, and add up what happened (1..1000)
  --jobs N        in N processes (1)
  --seed N        run one seed
  --trace         with --seed: print everything that happens
  --minimize N    drop the faults of seed N one by one while the failure stays
  --help          print this`;

const SEED_MAX = 0xffff_ffff;
const JOBS_MAX = 64;

/** @throws an Error that names the option and says what would be right */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      minimize: { type: 'string' },
      jobs: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { seeds, seed, trace, minimize, jobs, help } = values;
  if (help) return { type: 'help' };
  const asked = Object.entries({ seeds, seed, minimize }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`],
  );
  if (asked.length > 1) throw new Error(`${asked.join(' and ')}: ask for one of them`);
  if (trace && seed === undefined) throw new Error('--trace: goes with --seed');
  if (jobs !== undefined && (seed ?? minimize) !== undefined) {
    throw new Error('--jobs: goes with --seeds');
  }
  if (seed !== undefined)
    return { type: 'seed', seed: numberFrom('--seed', seed, SEED_MAX), trace };
  if (minimize !== undefined) {
    return { type: 'minimize', seed: numberFrom('--minimize', minimize, SEED_MAX) };
  }
  const range = rangeFrom(seeds ?? '1..1000');
  return { type: 'range', ...range, jobs: numberFrom('--jobs', jobs ?? '1', JOBS_MAX) };
}

function rangeFrom(text: string): { readonly from: number; readonly to: number } {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2]);
  if (match !== null && from >= 1 && from <= to && to <= SEED_MAX) return { from, to };
  throw new Error(`--seeds: "${text}" is not a range like 1..1000`);
}

function numberFrom(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new Error(`${option}: "${text}" is not a whole number from 1 to ${max}`);
}
