// From branches as an initiator writes them to branches as the engine keeps them: what their
// participants are registered with is added, and participants that cannot be called are refused.
import type { BranchDefinition } from '@concordat/engine';
import type { Directory } from '@concordat/participants';
import { protocolFaultOf } from '@concordat/participants';
import type { ProtocolName } from '@concordat/protocols';
import type { BranchAsked, FieldError, Parsed, Path } from '@concordat/wire';
import { fieldError, malformed, parsed } from '@concordat/wire';

/**
 * @param protocol of their transaction; undefined if there is no such transaction
 * @param at where the branch with an index stands in the body
 */
export function branchDefinitions(
  branches: readonly BranchAsked[],
  directory: Directory,
  protocol: ProtocolName | undefined,
  at: (index: number) => Path,
): Parsed<readonly BranchDefinition[]> {
  const definitions: BranchDefinition[] = [];
  const errors: FieldError[] = [];
  for (const [index, branch] of branches.entries()) {
    const definition = definitionOf(branch, directory, protocol);
    if (typeof definition !== 'string') definitions.push(definition);
    else errors.push(fieldError([...at(index), ...placeOf(branch)], definition));
  }
  return errors.length > 0 ? malformed(errors) : parsed(definitions);
}

/** Whether some of these participants speak one protocol and not another. */
export function areParticular(branches: readonly BranchAsked[], directory: Directory): boolean {
  return branches.some(({ participant }) => {
    const found = directory.find(participant);
    return found.ok && found.registration.kind !== 'http';
  });
}

/** The definition, or why this participant cannot be called for it. */
function definitionOf(
  branch: BranchAsked,
  directory: Directory,
  protocol: ProtocolName | undefined,
): BranchDefinition | string {
  const found = directory.find(branch.participant);
  if (!found.ok) return found.reason;
  const { registration } = found;
  const fault = protocol === undefined ? undefined : protocolFaultOf(registration, protocol);
  if (fault !== undefined) return `${named(branch)} ${fault}`;
  return { ...branch, onePhase: registration.kind === 'http' && registration.onePhase };
}

function named({ id, participant }: BranchAsked): string {
  const name = typeof participant === 'string' ? `"${participant}"` : 'the participant';
  return `${name}, of the branch "${id}",`;
}

function placeOf({ participant }: BranchAsked): Path {
  return typeof participant === 'string' ? ['participant'] : ['participant', 'url'];
}
