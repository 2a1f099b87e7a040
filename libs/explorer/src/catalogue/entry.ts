// One model in the catalogue, with what is expected of it.
import type { BranchPlan } from '@concordat/protocols';
import { plan } from '../coordinator.js';
import type { Model } from '../explore.js';

export interface Entry {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** What is limited, beside the number of branches. */
  readonly bounds: string;
  /**
   * `exhausted`: every state was looked at, and no rule is broken. `found`: a rule is broken, as it
   * must be: a known counter-example, or a mutant that shows what the search sees.
   */
  readonly expected: 'exhausted' | 'found';
  /** Takes minutes: is looked at only if it is asked for by its name. */
  readonly isLarge: boolean;
  readonly model: () => Model;
}

export const NO_BOUNDS = '-';

const IDS = ['a', 'b', 'c'] as const;

/** Branches that do not depend on each other. */
export function plans(size: number): readonly BranchPlan[] {
  return IDS.slice(0, size).map((id) => plan(id));
}
