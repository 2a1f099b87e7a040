// Who has sent a request, once that has been proved.
//
// A1. A principal is named by its kind and id, and these never change. Two of them are two people
//     only as far as whoever hands out keys and accounts sees to it.
// A2. No credential is in it: it may be logged, and shown.
import type { AuditActor } from '@concordat/engine';
import type { Grant, Permission } from '@concordat/wire/operations';
import { ALL_TENANTS, isPermitted, permissions, tenantsFor } from '@concordat/wire/operations';

export interface Principal {
  /** An API key; a person or service whom the identity provider vouches for; the setting's key. */
  readonly kind: 'key' | 'token' | 'setting';
  /** Of a key its id, of a token its subject. */
  readonly id: string;
  readonly name: string;
  readonly grants: readonly Grant[];
}

/** The key of CONCORDAT_API_KEY: every role, for every tenant. */
export const SETTING_ID = 'CONCORDAT_API_KEY';

/** @param where the request came from, as the audit keeps it */
export function actorOf(
  { kind, id, name }: Principal,
  where: Pick<AuditActor, 'address' | 'requestId'> = {},
): AuditActor {
  return { kind, id, name, ...where };
}

/** Whether it has `permission` for `tenant`; `*` is what belongs to no tenant. */
export function may(principal: Principal, permission: Permission, tenant: string): boolean {
  return isPermitted(principal.grants, permission, tenant);
}

/** Whether it has `permission` for any tenant at all. */
export function mayAnywhere({ grants }: Principal, permission: Permission): boolean {
  const tenants = tenantsFor(grants, permission);
  return tenants === ALL_TENANTS || tenants.length > 0;
}

/** What it may do, by permission: for which tenants, `*` being all of them. */
export function permissionsOfPrincipal({
  grants,
}: Principal): Readonly<Partial<Record<Permission, readonly string[]>>> {
  const found = permissions.map((permission) => {
    const tenants = tenantsFor(grants, permission);
    return [permission, tenants === ALL_TENANTS ? [ALL_TENANTS] : tenants] as const;
  });
  return Object.fromEntries(found.filter(([, tenants]) => tenants.length > 0));
}
