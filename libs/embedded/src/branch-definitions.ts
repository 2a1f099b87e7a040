// From branches as an initiator writes them to branches as the engine keeps them: what their
// participants are registered with is added, and participants that cannot be called are refused.
import type { BranchDefinition } from '@concordat/engine';
import type { Directory } from '@concordat/participants';
import type { BranchAsked, FieldError, Parsed, Path } from '@concordat/wire';
import { fieldError, malformed, parsed } from '@concordat/wire';

/** @param at where the branch with an index stands in the body */
export function branchDefinitions(
  branches: readonly BranchAsked[],
  directory: Directory,
  at: (index: number) => Path,
): Parsed<readonly BranchDefinition[]> {
  const definitions: BranchDefinition[] = [];
  const errors: FieldError[] = [];
  for (const [index, branch] of branches.entries()) {
    const resolution = directory.resolve(branch.participant);
    if (resolution.ok) definitions.push({ ...branch, onePhase: resolution.registration.onePhase });
    else errors.push(fieldError([...at(index), ...placeOf(branch)], resolution.reason));
  }
  return errors.length > 0 ? malformed(errors) : parsed(definitions);
}

function placeOf({ participant }: BranchAsked): Path {
  return typeof participant === 'string' ? ['participant'] : ['participant', 'url'];
}
