// The branches of one global transaction and what is known of each, in the order of enlistment.
// Shared by the voting protocols (2PC, 3PC, TCC); a saga has steps, which know more.
import type { Call } from './machine.js';
import type { BranchId, Operation } from './vocabulary.js';
import { assert } from './vocabulary.js';

export interface Branch<State extends string> {
  readonly id: BranchId;
  readonly state: State;
}
export type Branches<State extends string> = readonly Branch<State>[];

export function stateOf<S extends string>(branches: Branches<S>, id: BranchId): S {
  const branch = branches.find((candidate) => candidate.id === id);
  assert(branch !== undefined, `branch ${id} is enlisted`);
  return branch.state;
}

export function withState<S extends string>(
  branches: Branches<S>,
  id: BranchId,
  state: S,
): Branches<S> {
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
