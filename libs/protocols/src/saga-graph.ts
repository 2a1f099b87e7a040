// The graph of a saga's steps: who waits for whom.
//
// G1. Ids come from outside and may be `__proto__` or `constructor`: they key maps, never objects.
// G2. Graphs may be deep: nothing here recurses.
import type { BranchPlan } from './machine.js';
import type { BranchId } from './vocabulary.js';

type Plan = Pick<BranchPlan, 'id' | 'dependsOn' | 'pivot'>;

/** Why some steps cannot be a saga: the first fault found, at the branch that has it. */
export type GraphFault =
  | { readonly kind: 'unknown-dependency'; readonly branch: BranchId; readonly on: BranchId }
  /** The branch comes after itself. */
  | { readonly kind: 'cycle'; readonly branch: BranchId }
  | { readonly kind: 'second-pivot'; readonly branch: BranchId };

/** @param steps with ids that differ */
export function graphFault(steps: readonly Plan[]): GraphFault | undefined {
  return unknownDependency(steps) ?? cycle(steps) ?? secondPivot(steps);
}

/**
 * The same steps, with the pivot after every step that does not come after it: once the pivot is
 * sent, nothing but the pivot can be refused.
 */
export function withPivotLast<P extends Plan>(steps: readonly P[]): readonly P[] {
  const pivot = steps.find((step) => step.pivot);
  if (pivot === undefined) return steps;
  const after = dependentsOf(steps, pivot.id);
  const before = steps.map(({ id }) => id).filter((id) => id !== pivot.id && !after.has(id));
  return steps.map((step) => (step === pivot ? { ...step, dependsOn: before } : step));
}

function unknownDependency(steps: readonly Plan[]): GraphFault | undefined {
  const ids = new Set(steps.map(({ id }) => id));
  for (const { id: branch, dependsOn } of steps) {
    const on = dependsOn.find((dependency) => !ids.has(dependency));
    if (on !== undefined) return { kind: 'unknown-dependency', branch, on };
  }
  return undefined;
}

function cycle(steps: readonly Plan[]): GraphFault | undefined {
  const stuck = unstartable(steps);
  const visited = new Set<BranchId>();
  // Whatever cannot start waits for another such step: following these ends in a cycle.
  let [branch] = stuck.keys();
  while (branch !== undefined && !visited.has(branch)) {
    visited.add(branch);
    branch = stuck.get(branch)?.find((dependency) => stuck.has(dependency));
  }
  return branch === undefined ? undefined : { kind: 'cycle', branch };
}

/** The steps on a cycle or behind one, and what they wait for (Kahn 1962). */
function unstartable(steps: readonly Plan[]): ReadonlyMap<BranchId, readonly BranchId[]> {
  const waiting = new Map(steps.map(({ id, dependsOn }) => [id, new Set(dependsOn)]));
  const dependents = dependentsByStep(steps);
  const startable = steps.filter(({ dependsOn }) => dependsOn.length === 0).map(({ id }) => id);
  for (const id of startable) {
    waiting.delete(id);
    for (const dependent of dependents.get(id) ?? []) {
      const rest = waiting.get(dependent);
      // Deleted once only, however often `dependsOn` names it.
      if (rest?.delete(id) === true && rest.size === 0) startable.push(dependent);
    }
  }
  return new Map([...waiting].map(([id, rest]) => [id, [...rest]]));
}

function secondPivot(steps: readonly Plan[]): GraphFault | undefined {
  const [, second] = steps.filter(({ pivot }) => pivot);
  return second === undefined ? undefined : { kind: 'second-pivot', branch: second.id };
}

/** Every step that comes after `first`, however far. */
function dependentsOf(steps: readonly Plan[], first: BranchId): ReadonlySet<BranchId> {
  const dependents = dependentsByStep(steps);
  const found = new Set(dependents.get(first));
  for (const id of found) for (const next of dependents.get(id) ?? []) found.add(next);
  return found;
}

function dependentsByStep(steps: readonly Plan[]): ReadonlyMap<BranchId, readonly BranchId[]> {
  const dependents = new Map<BranchId, BranchId[]>(steps.map(({ id }) => [id, []]));
  for (const { id, dependsOn } of steps) {
    for (const dependency of dependsOn) dependents.get(dependency)?.push(id);
  }
  return dependents;
}
