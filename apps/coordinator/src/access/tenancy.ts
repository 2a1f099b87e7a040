// Whose transactions a caller may see and change.
//
// T1. A transaction of a tenant of which the caller may read nothing is not there: 404, as for an
//     id that was never heard of. One that may be read and not be changed is 403.
// T2. The decision is an exception to the words, not to the rule: whoever may not read it is told
//     404, and never `rollback`, which would be a lie about what may have been committed.
// T3. A caller of all tenants is asked nothing further: its transaction need not be looked up.
import { may } from '@concordat/access';
import type { Principal } from '@concordat/access';
import type { Record } from '@concordat/engine';
import type { Permission } from '@concordat/wire/operations';
import { ALL_TENANTS, DEFAULT_TENANT, tenantSchema, tenantsFor } from '@concordat/wire/operations';
import { malformedRequest } from '../http/problems.js';
import * as problems from './problems.js';

const HEADER = 'Concordat-Tenant';

/** T1: the record, if the caller may read it. */
export function visible<R extends Pick<Record, 'definition'>>(
  record: R | undefined,
  principal: Principal,
): R | undefined {
  if (record === undefined) return undefined;
  return may(principal, 'read', tenantOf(record)) ? record : undefined;
}

export function tenantOf({ definition }: Pick<Record, 'definition'>): string {
  return definition.tenant ?? DEFAULT_TENANT;
}

/** @throws ProblemError (403) unless the caller has `permission` for the record's tenant */
export function requireFor(
  record: Pick<Record, 'definition'>,
  principal: Principal,
  permission: Permission,
): void {
  const tenant = tenantOf(record);
  if (!may(principal, permission, tenant)) throw problems.notPermitted(permission, tenant);
}

/** T3. Whoever may not read may not change. */
export function hasForAll({ grants }: Principal, permission: Permission): boolean {
  return (
    tenantsFor(grants, 'read') === ALL_TENANTS && tenantsFor(grants, permission) === ALL_TENANTS
  );
}

/** The tenants whose transactions a list may show; undefined is all of them. */
export function tenantsOfList({ grants }: Principal): readonly string[] | undefined {
  const tenants = tenantsFor(grants, 'read');
  return tenants === ALL_TENANTS ? undefined : tenants;
}

/**
 * Whose the transaction is that the caller begins: the header says it, else the caller's grants if
 * they leave no choice.
 * @throws ProblemError
 */
export function tenantOfBegin(
  principal: Principal,
  header: string | readonly string[] | undefined,
): string {
  const mine = tenantsFor(principal.grants, 'transactions.begin');
  const [only, another] = mine === ALL_TENANTS ? [] : mine;
  const isOnly = only !== undefined && another === undefined;
  const tenant = header ?? (isOnly ? only : DEFAULT_TENANT);
  const parsed = tenantSchema.safeParse(tenant);
  if (!parsed.success) {
    const message = parsed.error.issues[0]?.message ?? 'must be the name of a tenant';
    throw malformedRequest([{ pointer: `/${HEADER}`, message }]);
  }
  if (!may(principal, 'transactions.begin', parsed.data)) {
    throw problems.notPermitted('transactions.begin', parsed.data);
  }
  return parsed.data;
}
