// The branches of one global transaction and what is known of each, in the order of enlistment.
import type { BranchPlan, Call } from './machine.js';
import type { BranchId, Operation } from './vocabulary.js';
import { assert } from './vocabulary.js';

export interface Branch<State extends string> {
  readonly id: BranchId;
  readonly state: State;
}
export type Branches<State extends string> = readonly Branch<State>[];

/** The plans of branches that are not enlisted yet: to hear of a branch twice says nothing new. */
export function joining(
  branches: Branches<string>,
  plans: readonly BranchPlan[],
): readonly BranchPlan[] {
  const fresh = plans.filter(({ id }) => branches.every((branch) => branch.id !== id));
  assert(new Set(fresh.map(({ id }) => id)).size === fresh.length, 'branches that join differ');
  return fresh;
}

export function withState<B extends Branch<string>>(
  branches: readonly B[],
  id: BranchId,
  state: B['state'],
): readonly B[] {
  return branches.map((branch) => (branch.id === id ? { ...branch, state } : branch));
}

export function some<S extends string>(branches: Branches<S>, ...states: readonly S[]): boolean {
  return branches.some((branch) => states.includes(branch.state));
}

/** One call of `operation` for each branch that is in one of `states`. */
export function calls<S extends string>(
  operation: Operation,
  branches: Branches<S>,
  ...states: readonly S[]
): readonly Call[] {
  return branches
    .filter((branch) => states.includes(branch.state))
    .map((branch) => ({ branch: branch.id, operation }));
}
