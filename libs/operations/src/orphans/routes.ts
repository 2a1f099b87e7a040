import { orphanRequestSchema } from '@concordat/wire/operations';
import type { Route } from '../api.js';
import type { Approvals } from '../approvals/approvals.js';
import { bodyOf } from '../requests.js';
import type { Orphans } from './orphans.js';

export function orphanRoutes(orphans: Orphans, approvals: Approvals): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/operations/resource-managers/:name/end',
      permission: 'transactions.resolve',
      of: 'installation',
      summary: 'End a prepared branch that nobody else will end',
      answer: async (request) => {
        const body = await orphans.end(request, bodyOf(orphanRequestSchema, request), approvals);
        return { status: body.result === 'asked' ? 202 : 200, body };
      },
    },
  ];
}
