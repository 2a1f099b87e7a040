// Plants every mutant, one at a time, in each of some lanes, and sees what finds it.
//
//   lane = a copy of the project:   plant ─▶ killer, killer, … until one has found it ─▶ take out
//
// L1. Before the first fault is planted, every killer that is used passes: what fails later fails
//     for the fault.
// L2. A lane has one fault at a time, and lanes share nothing but a database server, where every
//     run has databases of its own.
// L3. What is said to be found `also` is required like a kill: it tests the simulator's 300 seeds
//     and the explorer's models, which no other test would miss if they found nothing.
import type { Killer, Finder, Mutant } from './mutant.ts';
import { plant } from './copy.ts';
import type { Found, Verdict, Where } from './killer.ts';
import { projectOf, run, runNamed } from './killer.ts';

export interface Outcome {
  readonly mutant: Mutant;
  /** Undefined if every killer has passed: the mutant lives. */
  readonly killed: Found | undefined;
  readonly also: readonly { readonly finder: Finder; readonly found: Found | undefined }[];
  readonly tookMs: number;
}

/** The proof itself does not work: says nothing about any mutant. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
  /** The end of what the tests have printed. */
  readonly log: string;

  constructor(message: string, log: string) {
    super(message);
    this.log = log;
  }
}

/** Where they look for faults; their other tests are about themselves. */
const FINDERS: Readonly<Record<Finder, { readonly file: Killer; readonly named: string }>> = {
  simulator: { file: 'test/simulation/seeds.spec.ts', named: 'no seed has a complaint' },
  explorer: { file: 'test/explorer/explorer.spec.ts', named: 'is exhausted' },
};

/** @throws {Trouble} if some killer of `mutants` fails without a fault (L1) */
export async function baseline(
  mutants: readonly Mutant[],
  lane: Where,
): Promise<readonly { readonly project: string; readonly tests: number }[]> {
  const used = mutants.flatMap(({ killers, also = [] }) => [
    ...killers,
    ...also.map((finder) => FINDERS[finder].file),
  ]);
  const results = [];
  for (const [project, killers] of Object.entries(Object.groupBy(new Set(used), projectOf))) {
    const verdict = await run(killers, lane);
    switch (verdict.type) {
      case 'passed':
        results.push({ project, tests: verdict.tests });
        break;
      case 'found': {
        const { file, test, message } = verdict.by;
        throw new Trouble(`without any fault, this fails: ${file} › ${test}`, message);
      }
      case 'trouble':
        throw new Trouble(`without any fault, the ${project} tests: ${verdict.why}`, verdict.log);
    }
  }
  return results;
}

/**
 * @param onOutcome is told of each mutant as it goes, with the trouble if that was no verdict
 * @returns in the order of `mutants`; those that were in trouble are missing
 */
export async function tryAll(
  mutants: readonly Mutant[],
  lanes: readonly Where[],
  onOutcome: (mutant: Mutant, outcome: Outcome | Trouble) => void,
): Promise<readonly Outcome[]> {
  const waiting = [...mutants];
  const outcomes = new Map<Mutant, Outcome>();
  const work = async (lane: Where): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const outcome = await tryOne(mutant, lane);
      if (!(outcome instanceof Trouble)) outcomes.set(mutant, outcome);
      onOutcome(mutant, outcome);
    }
  };
  await Promise.all(lanes.map(work));
  return mutants.flatMap((mutant) => outcomes.get(mutant) ?? []);
}

async function tryOne(mutant: Mutant, lane: Where): Promise<Outcome | Trouble> {
  const begunAt = Date.now();
  const takeOut = plant(lane.root, mutant);
  try {
    const killed = await firstFound(mutant.killers, lane);
    const also = [];
    for (const finder of mutant.also ?? []) {
      const { file, named } = FINDERS[finder];
      also.push({ finder, found: foundIn(await runNamed(file, named, lane), file) });
    }
    return { mutant, killed, also, tookMs: Date.now() - begunAt };
  } catch (error) {
    if (error instanceof Trouble) return error;
    throw error;
  } finally {
    takeOut();
  }
}

async function firstFound(killers: readonly Killer[], lane: Where): Promise<Found | undefined> {
  for (const killer of killers) {
    const found = foundIn(await run([killer], lane), killer);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @throws {Trouble} if it is no verdict */
function foundIn(verdict: Verdict, killer: Killer): Found | undefined {
  if (verdict.type === 'trouble') throw new Trouble(`${killer}: ${verdict.why}`, verdict.log);
  return verdict.type === 'found' ? verdict.by : undefined;
}

/** Whether the mutant is dead, and found by all that should find it (L3). */
export function isDead({ killed, also }: Outcome): boolean {
  return killed !== undefined && also.every(({ found }) => found !== undefined);
}
