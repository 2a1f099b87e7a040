// Who may do what: the roles, and the table of what each of them permits.
//
// R1. A grant is for one tenant, or for all of them (`*`). What belongs to no tenant (participants,
//     resource managers, audit, access) needs a grant for all.
// R2. To force an outcome takes two people: one who may ask for it, and another who may approve.
// R3. Payloads are hidden from whoever has not been permitted to read them, operators included.
// R4. Nobody gains by a role what belongs to another's duty: an admin resolves nothing, a resolver
//     makes no keys, and neither of them reads or verifies the audit for the auditor.
import { z } from 'zod';

export const roles = ['reader', 'client', 'operator', 'resolver', 'admin', 'auditor'] as const;
export type Role = (typeof roles)[number];
export const roleSchema = z.enum(roles).meta({ id: 'Role' });

export const permissions = [
  /** Transactions, without payloads; statistics, participants, resource managers, metrics. */
  'read',
  'payloads.read',
  /** Begin, enlist, commit, roll back: what an initiator does. */
  'transactions.begin',
  /** Retry now, pause, resume, roll back what is undecided; also in bulk. */
  'transactions.operate',
  /** Pause and resume a participant, scan and test a resource manager. */
  'participants.operate',
  /** Answer in a participant's place with evidence, skip, replay, edit, forget, adopt. */
  'transactions.resolve',
  /** Ask for an outcome by force, and approve what another has asked. */
  'outcomes.force',
  'audit.read',
  'access.manage',
  'alerts.manage',
] as const;
export type Permission = (typeof permissions)[number];
export const permissionSchema = z.enum(permissions).meta({ id: 'Permission' });

const READER: readonly Permission[] = ['read'];
const OPERATOR: readonly Permission[] = [...READER, 'transactions.operate', 'participants.operate'];

export const permissionsOf: { readonly [R in Role]: readonly Permission[] } = {
  reader: READER,
  client: ['read', 'transactions.begin'],
  operator: OPERATOR,
  resolver: [...OPERATOR, 'payloads.read', 'transactions.resolve', 'outcomes.force'],
  admin: [...READER, 'participants.operate', 'access.manage', 'alerts.manage'],
  auditor: [...READER, 'audit.read'],
};

export function rolesWith(permission: Permission): readonly Role[] {
  return roles.filter((role) => permissionsOf[role].includes(permission));
}

/** Every tenant, and what belongs to none. */
export const ALL_TENANTS = '*';
/** Of a transaction whose initiator named none. */
export const DEFAULT_TENANT = 'default';

const TENANT = /^[A-Za-z0-9_.-]{1,64}$/;
export const tenantSchema = z
  .string()
  .regex(TENANT, 'must be 1 to 64 characters of A-Z a-z 0-9 _ . -');

export const grantSchema = z
  .strictObject({
    tenant: z.union([tenantSchema, z.literal(ALL_TENANTS)]).meta({
      description: 'One tenant, or * for all of them and for what belongs to none.',
    }),
    roles: z.array(roleSchema).min(1).max(roles.length),
  })
  .meta({ id: 'Grant' });
export type Grant = z.infer<typeof grantSchema>;

/** @param tenant of what is asked for; `*` for what belongs to none (R1) */
export function isPermitted(
  grants: readonly Grant[],
  permission: Permission,
  tenant: string,
): boolean {
  return grants.some((grant) => {
    const applies = grant.tenant === ALL_TENANTS || grant.tenant === tenant;
    return applies && grant.roles.some((role) => permissionsOf[role].includes(permission));
  });
}

/** Whose transactions may be seen under `permission`; `*` if everybody's. */
export function tenantsFor(
  grants: readonly Grant[],
  permission: Permission,
): typeof ALL_TENANTS | readonly string[] {
  const mine = grants.filter((grant) => isPermitted([grant], permission, grant.tenant));
  if (mine.some(({ tenant }) => tenant === ALL_TENANTS)) return ALL_TENANTS;
  return [...new Set(mine.map(({ tenant }) => tenant))];
}
