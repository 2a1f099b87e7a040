// From what a request brings to what a route works with; whatever is wrong with it ends it.
//
// Q1. Whose transaction it is decides before anything is said of it: one of a tenant of which the
//     principal may read nothing was never heard of (404). One that he may read, and not do this
//     to, is 403.
// Q2. Whether a person may do a thing is one question, and whether it can be done another: who may
//     not is not told what is possible.
import type { Principal } from '@concordat/access';
import { actorOf, may } from '@concordat/access';
import type { AuditActor } from '@concordat/engine';
import type { BranchId, GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { asBranchId, idSchema, jsonFaultOf, parseGtid, parseWith } from '@concordat/wire';
import type { FieldError, Parsed } from '@concordat/wire';
import type { Permission } from '@concordat/wire/operations';
import { ALL_TENANTS, DEFAULT_TENANT } from '@concordat/wire/operations';
import type { z } from 'zod';
import type { OperatorRequest } from './api.js';
import { Refusal } from './api.js';
import type { OperationsPorts, TransactionRecord } from './ports.js';

/** @throws Refusal that names every bad field */
export function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw malformed(parsed.errors);
}

export function malformed(errors: readonly FieldError[]): Refusal {
  const detail = errors.length === 1 ? 'One field is wrong.' : `${errors.length} fields are wrong.`;
  return new Refusal('malformed-request', detail, errors);
}

/** @throws Refusal */
export function bodyOf<T>(schema: z.ZodType<T>, { body }: Pick<OperatorRequest, 'body'>): T {
  const fault = body === undefined ? undefined : jsonFaultOf(body);
  if (fault !== undefined) throw malformed([{ pointer: '', message: fault.message }]);
  const value = valueOf(parseWith(schema, body));
  requireStorable(value);
  return value;
}

/**
 * Of the texts that a person writes or looks for. Postgres holds no NUL, and half a character is
 * none.
 */
function requireStorable(value: unknown): void {
  const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const wrong = fields.filter(([, text]) => {
    return typeof text === 'string' && (text.includes('\0') || !text.isWellFormed());
  });
  if (wrong.length === 0) return;
  throw malformed(wrong.map(([name]) => ({ pointer: `/${name}`, message: 'is not text' })));
}

/** @throws Refusal */
export function queryOf<T>(schema: z.ZodType<T>, { query }: Pick<OperatorRequest, 'query'>): T {
  const value = valueOf(parseWith(schema, query));
  requireStorable(value);
  return value;
}

/** @throws Refusal */
export function gtidOf({ params }: Pick<OperatorRequest, 'params'>): GlobalTransactionId {
  return valueOf(parseGtid(params['gtid'] ?? ''));
}

/** A name in the path. @throws Refusal */
export function nameOf({ params }: Pick<OperatorRequest, 'params'>, param = 'name'): string {
  return valueOf(parseWith(idSchema, params[param] ?? '', [param]));
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The id of what is kept here. @throws Refusal unknown-item if nothing can have such an id */
export function itemIdOf({ params }: Pick<OperatorRequest, 'params'>): string {
  const id = params['id'] ?? '';
  if (!isUuid(id)) throw unknownItem();
  return id;
}

export function unknownItem(): Refusal {
  return new Refusal('unknown-item', 'There is nothing with this id.');
}

export function tenantOf({ definition }: Pick<TransactionRecord, 'definition'>): string {
  return definition.tenant ?? DEFAULT_TENANT;
}

/** Q1, for what is only read. @throws Refusal */
export async function recordFor(
  { engine }: Pick<OperationsPorts, 'engine'>,
  request: Pick<OperatorRequest, 'params' | 'principal'>,
  permission: Permission = 'read',
): Promise<TransactionRecord> {
  const gtid = gtidOf(request);
  const record = await engine.find(gtid);
  if (record === undefined || !may(request.principal, 'read', tenantOf(record))) {
    throw unknownTransaction(gtid);
  }
  requireFor(request.principal, permission, tenantOf(record));
  return record;
}

export function unknownTransaction(gtid: GlobalTransactionId): Refusal {
  return new Refusal('unknown-transaction', `No transaction ${gtid} is known.`);
}

/** @throws Refusal not-permitted */
export function requireFor(principal: Principal, permission: Permission, tenant: string): void {
  if (may(principal, permission, tenant)) return;
  const where = tenant === ALL_TENANTS ? 'all tenants' : tenant;
  throw new Refusal('not-permitted', `This takes the permission ${permission} for ${where}.`);
}

/** The branch in the path. @throws Refusal */
export function branchOf({ params }: Pick<OperatorRequest, 'params'>): BranchId {
  return asBranchId(nameOf({ params }, 'branch'));
}

/** @throws Refusal */
export function requireBranch({ transaction }: TransactionRecord, branch: BranchId): void {
  if (summaryOf(transaction).branches.some(({ id }) => id === branch)) return;
  throw new Refusal('unknown-branch', `The transaction has no branch ${branch}.`);
}

/** As the audit keeps who has asked. */
export function actorIn({ principal, address, requestId }: OperatorRequest): AuditActor {
  return actorOf(principal, { address, requestId });
}
