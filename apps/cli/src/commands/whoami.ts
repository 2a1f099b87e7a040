// `concordat whoami`: who one is here, and what one may do; `concordat roles`: what each role permits.
import type { Permission, Role, WhoAmIView } from '@concordat/wire/operations';
import type { Command } from 'commander';
import type { Schema } from '../api.js';
import { grantsText } from '../render/access.js';
import type { Look } from '../render/look.js';
import { tableOf } from '../render/table.js';
import { timeOf } from '../render/time.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import { whoAmI } from './checks.js';

export function addWhoAmI(program: Command, shell: Shell): void {
  program
    .command('whoami')
    .description('whose key it is, and what it permits')
    .action(shell.answering(async ({ api }) => told(await whoAmI(api), whoLines)));
  program
    .command('roles')
    .description('what each role permits')
    .action(
      shell.answering(async ({ api }) =>
        told(await api.get('v1/access/roles', roleListSchema), roleLines),
      ),
    );
}

const PERMISSIONS = [{ title: 'MAY' }, { title: 'WHERE', min: 10 }] as const;

function whoLines({ name, kind, grants, permissions, expiresAt }: WhoAmIView, look: Look) {
  const until = expiresAt === undefined ? [] : [`until ${timeOf(expiresAt)}`];
  const rows = permissions.map(({ permission, tenants }) => [
    permission,
    tenants.includes('*') ? 'everywhere' : tenants.join(', '),
  ]);
  return [
    [`${look.paint('bold', name)}  ${kind}`, grantsText(grants), ...until].join(' · '),
    ...(rows.length === 0 ? ['permits nothing'] : tableOf(PERMISSIONS, rows, look)),
  ];
}

interface RoleList {
  readonly items: readonly { readonly role: Role; readonly permissions: readonly Permission[] }[];
}

/** Of what is shown, and no more: what takes which permission is for programs. */
const roleListSchema: Schema<RoleList> = {
  safeParse: (body) =>
    isRoleList(body) ? { data: body } : { error: { issues: [{ path: ['items'] }] } },
};

function isRoleList(body: unknown): body is RoleList {
  if (typeof body !== 'object' || body === null || !('items' in body)) return false;
  const { items } = body;
  return (
    Array.isArray(items) &&
    items.every((item: Partial<RoleList['items'][number]> | null) => {
      return typeof item?.role === 'string' && Array.isArray(item.permissions);
    })
  );
}

const ROLES = [{ title: 'ROLE' }, { title: 'PERMITS', min: 16 }] as const;

function roleLines({ items }: RoleList, look: Look): readonly string[] {
  const rows = items.map(({ role, permissions }) => [role, permissions.join(', ')]);
  return tableOf(ROLES, rows, look);
}
