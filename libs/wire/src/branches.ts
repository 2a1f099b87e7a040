// What a schema cannot say of a list of branches: how they hang together, and how large they are.
//
// It reads the body as it was sent, and of each branch whatever can be read, so that a request
// hears of every fault at once and not of one after the other.
import type { ProtocolName } from '@concordat/protocols';
import { graphFault } from '@concordat/protocols';
import type { z } from 'zod';
import type { BranchAsked, branchRequestSchema } from './branch-request.js';
import { isJson, isJsonObject, jsonBytesOf, jsonFaultOf } from './json.js';
import type { FieldError, Path } from './parsed.js';
import { fieldError } from './parsed.js';
import { asBranchId, isId } from './words.js';

export interface BranchLimits {
  /** In one transaction. */
  readonly branchesMax: number;
  /** Of one branch, as UTF-8 JSON. */
  readonly payloadBytesMax: number;
}

/** What can be read of a branch that may be malformed. */
interface Sketch {
  readonly at: Path;
  readonly id: string | undefined;
  readonly payload: unknown;
  readonly dependsOn: readonly unknown[] | undefined;
  readonly pivot: boolean;
}

/**
 * @param branches what was sent as the list of branches
 * @param protocol undefined where branches join a transaction that is active: no saga ever is
 * @param at where the branch with an index stands in the body
 */
export function branchesFaults(
  branches: readonly unknown[],
  protocol: ProtocolName | undefined,
  limits: BranchLimits,
  at: (index: number) => Path,
): readonly FieldError[] {
  if (branches.length > limits.branchesMax) {
    return [fieldError(at(0).slice(0, -1), `must be at most ${limits.branchesMax} branches`)];
  }
  const sketches = branches.map((branch, index) => sketchOf(branch, at(index)));
  return [
    ...sketches.flatMap((sketch) => payloadFaults(sketch, limits.payloadBytesMax)),
    ...repeatedIds(sketches),
    ...(protocol === 'saga' ? sagaFaults(sketches) : sketches.flatMap(sagaOnlyFaults)),
  ];
}

/** The branches of a request whose shape and sense are right. */
export function branchesAsked(
  branches: readonly z.output<typeof branchRequestSchema>[],
  protocol: ProtocolName | undefined,
): readonly BranchAsked[] {
  const ids = branches.map((branch) => branch.id);
  return branches.map(
    ({ id, participant, payload, dependsOn, pivot, timeoutMs, retry }, index) => ({
      id: asBranchId(id),
      participant,
      payload: isJson(payload) ? payload : null,
      dependsOn: protocol === 'saga' ? dependenciesOf(dependsOn, index, ids).map(asBranchId) : [],
      pivot: pivot ?? false,
      timeoutMs,
      retry,
    }),
  );
}

function sketchOf(branch: unknown, at: Path): Sketch {
  const { id, payload, dependsOn, pivot } = isJsonObject(branch) ? branch : {};
  return {
    at,
    id: isId(id) ? id : undefined,
    payload,
    dependsOn: Array.isArray(dependsOn) ? dependsOn : undefined,
    pivot: pivot === true,
  };
}

function payloadFaults({ at, payload }: Sketch, bytesMax: number): readonly FieldError[] {
  if (payload === undefined) return [];
  const fault = jsonFaultOf(payload);
  if (fault !== undefined) return [fieldError([...at, 'payload', ...fault.path], fault.message)];
  if (!isJson(payload) || jsonBytesOf(payload) <= bytesMax) return [];
  return [fieldError([...at, 'payload'], `must be at most ${bytesMax} bytes`)];
}

function repeatedIds(sketches: readonly Sketch[]): readonly FieldError[] {
  const seen = new Set<string>();
  return sketches.flatMap(({ at, id }) => {
    if (id === undefined) return [];
    if (seen.has(id)) return [fieldError([...at, 'id'], `repeats ${id}`)];
    seen.add(id);
    return [];
  });
}

function sagaOnlyFaults({ at, dependsOn, pivot }: Sketch): readonly FieldError[] {
  return [
    ...(dependsOn === undefined ? [] : [fieldError([...at, 'dependsOn'], 'is for a saga only')]),
    ...(pivot ? [fieldError([...at, 'pivot'], 'is for a saga only')] : []),
  ];
}

function sagaFaults(sketches: readonly Sketch[]): readonly FieldError[] {
  const pivots = sketches.filter((sketch) => sketch.pivot).slice(1);
  const unknown = unknownDependencies(sketches);
  return [
    ...pivots.map(({ at }) => fieldError([...at, 'pivot'], 'is the second pivot of this saga')),
    ...unknown,
    ...(unknown.length === 0 ? cycles(sketches) : []),
  ];
}

function unknownDependencies(sketches: readonly Sketch[]): readonly FieldError[] {
  const ids = new Set(sketches.map((sketch) => sketch.id));
  if (ids.has(undefined)) return []; // it may be the very one that another depends on
  return sketches.flatMap(({ at, dependsOn }) =>
    (dependsOn ?? []).flatMap((id, index) => {
      if (!isId(id) || ids.has(id)) return [];
      return [fieldError([...at, 'dependsOn', index], `no branch is called ${id}`)];
    }),
  );
}

function cycles(sketches: readonly Sketch[]): readonly FieldError[] {
  const ids = sketches.flatMap(({ id }) => (id === undefined ? [] : asBranchId(id)));
  if (new Set(ids).size < sketches.length) return []; // nobody can tell who depends on whom
  const steps = ids.map((id, index) => {
    const given = sketches[index]?.dependsOn?.filter(isId).map(asBranchId);
    return { id, dependsOn: dependenciesOf(given, index, ids), pivot: false };
  });
  const fault = graphFault(steps);
  const found = sketches.find(({ id }) => id === fault?.branch);
  if (found === undefined) return [];
  return [fieldError([...found.at, 'dependsOn'], 'makes the branch come after itself')];
}

/** Where a saga does not say, a branch depends on the one before it. */
function dependenciesOf<T>(
  given: readonly T[] | undefined,
  index: number,
  ids: readonly T[],
): readonly T[] {
  return given ?? ids.slice(Math.max(0, index - 1), index);
}
