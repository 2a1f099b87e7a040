// Who may call which route. A route that is not here is not served: the process does not start.
//
// R1. `of: 'tenant'`: what the route shows or changes belongs to tenants. Here it is asked whether
//     the caller has the permission for any of them; for which, the controller asks (tenancy.ts).
// R2. `of: 'installation'`: it belongs to none, so the permission is needed for all of them (`*`).
// R3. A route may bring its rule (`config: { rule }`): those of the operator API are made from a
//     list that has it. It then needs no row here.
// R4. A HEAD is a GET without its body, and has no row of its own.
import type { Permission } from '@concordat/wire/operations';

export type Rule =
  | 'anyone'
  | 'signed-in'
  | { readonly permission: Permission; readonly of: 'tenant' | 'installation' };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** R3 */
    readonly rule?: Rule;
  }
}

const ofTenants = (permission: Permission): Rule => ({ permission, of: 'tenant' });
const ofInstallation = (permission: Permission): Rule => ({ permission, of: 'installation' });

const read = ofTenants('read');
const begin = ofTenants('transactions.begin');

/** By method and pattern, as Fastify knows them. */
export const routeTable: { readonly [route: string]: Rule } = {
  'GET /health/live': 'anyone',
  'GET /health/ready': read,
  'GET /metrics': ofInstallation('read'),

  'GET /openapi.json': read,
  'GET /docs': read,
  'GET /docs/': read,
  'GET /docs/*': read,
  'GET /docs/index.html': read,
  'GET /docs/swagger-ui-init.js': read,
  'GET /docs/docs/swagger-ui-init.js': read,
  'GET /docs/LICENSE': read,

  // The page and its files say nothing: what they show, they ask for, with a session.
  'GET /': 'anyone',
  'GET /ui': 'anyone',
  'GET /ui/': 'anyone',
  'GET /ui/*': 'anyone',

  // To sign in, nobody is signed in yet. What a session is for is checked by its cookie.
  'GET /v1/session': 'anyone',
  'POST /v1/session': 'anyone',
  'DELETE /v1/session': 'signed-in',
  'GET /v1/session/oidc': 'anyone',
  'GET /v1/session/oidc/callback': 'anyone',

  'GET /v1/access/roles': 'signed-in',
  'GET /v1/access/keys': ofInstallation('access.manage'),
  'POST /v1/access/keys': ofInstallation('access.manage'),
  'DELETE /v1/access/keys/:id': ofInstallation('access.manage'),

  'POST /v1/transactions': begin,
  'GET /v1/transactions': read,
  'GET /v1/transactions/:gtid': read,
  'GET /v1/transactions/:gtid/decision': read,
  'GET /v1/transactions/:gtid/journal': read,
  'POST /v1/transactions/:gtid/branches': begin,
  'POST /v1/transactions/:gtid/commit': begin,
  'POST /v1/transactions/:gtid/rollback': begin,

  'GET /v1/resource-managers': ofInstallation('read'),
  'POST /v1/resource-managers/:name/scan': ofInstallation('participants.operate'),
  'POST /v1/resource-managers/:name/self-test': ofInstallation('participants.operate'),
};

/** @param method as it was sent (R4) */
export function ruleFor(method: string, url: string): Rule | undefined {
  const route = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  return Object.hasOwn(routeTable, route) ? routeTable[route] : undefined;
}
