// What an initiator sends, as what the engine is asked. Every fault of it is found before anything
// is done, and all of them are named at once.
import type { IncomingHttpHeaders } from 'node:http';
import { areParticular, branchDefinitions, digestOf } from '@concordat/embedded';
import type { BeginRequest, BranchDefinition } from '@concordat/engine';
import type { Directory } from '@concordat/participants';
import type { ProtocolName } from '@concordat/protocols';
import type { BranchLimits, FieldError, Parsed, Path } from '@concordat/wire';
import { fieldError, isJsonObject, parseBegin, parseEnlist } from '@concordat/wire';
import { DEFAULT_TENANT } from '@concordat/wire/operations';
import type { RequestBody } from '../http/json-body.js';
import { malformedRequest, valueOf } from '../http/problems.js';

import { idempotencyKeyOf, traceparentOf } from './initiator-headers.js';

export class InitiatorRequests {
  constructor(
    private readonly directory: Directory,
    private readonly limits: BranchLimits,
  ) {}

  get branchesMax(): number {
    return this.limits.branchesMax;
  }

  /**
   * @param tenant whose it will be
   * @throws ProblemError that names every bad field and header
   */
  begin(body: RequestBody, headers: IncomingHttpHeaders, tenant: string): BeginRequest {
    const asked = parseBegin(body, this.limits);
    const key = idempotencyKeyOf(headers);
    if (!asked.ok || !key.ok) throw malformedRequest([...errorsOf(asked), ...errorsOf(key)]);
    const at = (index: number): Path => ['branches', index];
    const { branches: given, protocol } = asked.value;
    const branches = valueOf(branchDefinitions(given, this.directory, protocol, at));
    const traceparent = traceparentOf(headers);
    const request = { ...asked.value, tenant, branches, traceparent };
    if (key.value === null || body === undefined) return request;
    const idempotency = { key: keyWithin(tenant, key.value), digest: digestOf(body) };
    return { ...request, idempotency };
  }

  /**
   * @param protocolOf of the transaction, if there is one: asked only where some participant does
   *   not speak every protocol
   * @throws ProblemError that names every bad field
   */
  async enlist(
    body: RequestBody,
    protocolOf: () => Promise<ProtocolName | undefined>,
  ): Promise<readonly BranchDefinition[]> {
    const several = isJsonObject(body) && Object.hasOwn(body, 'branches');
    const at = (index: number): Path => (several ? ['branches', index] : []);
    const branches = valueOf(parseEnlist(body, this.limits));
    const protocol = areParticular(branches, this.directory) ? await protocolOf() : undefined;
    return valueOf(branchDefinitions(branches, this.directory, protocol, at));
  }
}

/**
 * A key is its tenant's own: under the same one, another tenant would be told whose it was. No key
 * that is sent has a line break, so no two of these are the same.
 */
function keyWithin(tenant: string, key: string): string {
  return tenant === DEFAULT_TENANT ? key : `${tenant}\n${key}`;
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
