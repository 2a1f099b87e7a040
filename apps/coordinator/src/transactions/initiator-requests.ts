// What an initiator sends, as what the engine is asked. Every fault of it is found before anything
// is done, and all of them are named at once.
import type { IncomingHttpHeaders } from 'node:http';
import type { BeginRequest, BranchDefinition } from '@concordat/engine';
import type { Directory } from '@concordat/participants';
import type { BranchLimits, FieldError, Parsed, Path } from '@concordat/wire';
import { fieldError, isJsonObject, parseBegin, parseEnlist } from '@concordat/wire';
import type { RequestBody } from '../http/json-body.js';
import { malformedRequest, valueOf } from '../http/problems.js';
import { branchDefinitions } from './branch-definitions.js';
import { digestOf } from './digest.js';
import { idempotencyKeyOf, traceparentOf } from './initiator-headers.js';

export class InitiatorRequests {
  constructor(
    private readonly directory: Directory,
    private readonly limits: BranchLimits,
  ) {}

  get branchesMax(): number {
    return this.limits.branchesMax;
  }

  /** @throws ProblemError that names every bad field and header */
  begin(body: RequestBody, headers: IncomingHttpHeaders): BeginRequest {
    const asked = parseBegin(body, this.limits);
    const key = idempotencyKeyOf(headers);
    if (!asked.ok || !key.ok) throw malformedRequest([...errorsOf(asked), ...errorsOf(key)]);
    const at = (index: number): Path => ['branches', index];
    const branches = valueOf(branchDefinitions(asked.value.branches, this.directory, at));
    const traceparent = traceparentOf(headers);
    const request = { ...asked.value, branches, traceparent };
    if (key.value === null || body === undefined) return request;
    return { ...request, idempotency: { key: key.value, digest: digestOf(body) } };
  }

  /** @throws ProblemError that names every bad field */
  enlist(body: RequestBody): readonly BranchDefinition[] {
    const several = isJsonObject(body) && Object.hasOwn(body, 'branches');
    const at = (index: number): Path => (several ? ['branches', index] : []);
    const branches = valueOf(parseEnlist(body, this.limits));
    return valueOf(branchDefinitions(branches, this.directory, at));
  }
}

/** `commit` and `rollback` say everything in their path. */
export function requireNoBody(body: RequestBody): void {
  if (body === undefined || body === null) return;
  if (!isJsonObject(body)) throw malformedRequest([{ pointer: '', message: 'must be empty' }]);
  const fields = Object.keys(body).map((key) => fieldError([key], 'is not a known field'));
  if (fields.length > 0) throw malformedRequest(fields);
}

function errorsOf(parsed: Parsed<unknown>): readonly FieldError[] {
  return parsed.ok ? [] : parsed.errors;
}
