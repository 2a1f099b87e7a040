// From principals and keys to their representations. Pure.
import type { ApiKey, Principal } from '@concordat/access';
import { permissionsOfPrincipal } from '@concordat/access';
import type { KeyView, WhoAmIView } from '@concordat/wire/operations';
import { permissions } from '@concordat/wire/operations';
import type { Rule } from './route-table.js';
import type { RoleList } from './schemas.js';

/** @param oidc whether one can sign in through a provider */
export function whoAmI(principal: Principal, endsAt: Date | undefined, oidc: boolean): WhoAmIView {
  const { kind, id, name, grants } = principal;
  const held = permissionsOfPrincipal(principal);
  return {
    kind,
    id,
    name,
    grants: [...grants],
    permissions: permissions.flatMap((permission) => {
      const tenants = held[permission];
      return tenants === undefined ? [] : [{ permission, tenants: [...tenants] }];
    }),
    ...(endsAt === undefined ? {} : { expiresAt: endsAt.toISOString() }),
    oidc,
  };
}

/** In the order of their names. */
export function routesView(rules: ReadonlyMap<string, Rule>): RoleList['routes'] {
  const routes = [...rules].map(([route, rule]) =>
    typeof rule === 'string'
      ? { route, takes: rule }
      : { route, takes: rule.permission, of: rule.of },
  );
  return routes.toSorted((one, other) => (one.route < other.route ? -1 : 1));
}

export function keyView(key: ApiKey): KeyView {
  const { id, name, prefix, grants, madeBy, madeAt, expiresAt, revokedAt, lastUsedAt } = key;
  return {
    id,
    name,
    prefix,
    grants: [...grants],
    madeBy,
    madeAt: madeAt.toISOString(),
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
    ...(revokedAt === null ? {} : { revokedAt: revokedAt.toISOString() }),
    ...(lastUsedAt === null ? {} : { lastUsedAt: lastUsedAt.toISOString() }),
  };
}
