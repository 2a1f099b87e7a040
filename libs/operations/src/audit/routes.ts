import { auditQuerySchema, tenantsFor } from '@concordat/wire/operations';
import type { Route } from '../api.js';
import type { OperationsPorts } from '../ports.js';
import { queryOf } from '../requests.js';
import { listAudit } from './list.js';
import { verifyAudit } from './verify.js';

const AT = '/v1/operations/audit';

export function auditRoutes({ store }: Pick<OperationsPorts, 'store'>): readonly Route[] {
  return [
    {
      method: 'GET',
      path: AT,
      permission: 'audit.read',
      of: 'tenant',
      summary: 'What people did, who and why',
      answer: async (request) => {
        const tenants = tenantsFor(request.principal.grants, 'audit.read');
        const query = queryOf(auditQuerySchema, request);
        return { status: 200, body: await listAudit(store.run, query, tenants) };
      },
    },
    {
      method: 'GET',
      path: `${AT}/verify`,
      permission: 'audit.read',
      of: 'installation',
      summary: 'Whether the audit is as it was written',
      answer: async ({ signal }) => {
        return { status: 200, body: await verifyAudit(store.run, { signal }) };
      },
    },
  ];
}
