// Which of a seed's faults a failure needs: each is dropped in turn, while the failure stays.
//
// The same failure is one whose first complaint says the same, whatever the names and numbers in it
// are: another transaction may fail first once a fault is gone.
import type { Result, SimulateOptions } from './simulate.js';
import { simulate } from './simulate.js';

/** @returns the run with the faults that are left; without a complaint if the seed passes */
export async function minimize(
  seed: number,
  options: Pick<SimulateOptions, 'loads' | 'arrivals' | 'operators'> = {},
  run: typeof simulate = simulate,
): Promise<Result> {
  const first = await run(seed, options);
  const failure = kindOf(first);
  if (failure === undefined) return first;
  const without = new Set<number>();
  for (let before = -1; before !== without.size;) {
    before = without.size;
    for (const { number } of first.faults.toReversed()) {
      if (without.has(number)) continue;
      const result = await run(seed, { ...options, without: new Set([...without, number]) });
      if (kindOf(result) === failure) without.add(number);
    }
  }
  return run(seed, { ...options, without, keepsTrace: true });
}

function kindOf({ complaints: [first] }: Result): string | undefined {
  return first?.replaceAll(/\bt\d+\.\d+\b|\b[bcp]\d\b|\d+/g, '_');
}
