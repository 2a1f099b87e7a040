import { plainRequestSchema } from '@concordat/wire/operations';
import type { OperatorAnswer, OperatorRequest, Route } from '../api.js';
import { bodyOf } from '../requests.js';
import type { Approvals } from './approvals.js';

const AT = '/v1/operations/approvals';
const reasonSchema = plainRequestSchema.pick({ reason: true });

export function approvalRoutes(approvals: Approvals): readonly Route[] {
  const reasonIn = (request: OperatorRequest): string => bodyOf(reasonSchema, request).reason;
  const ok = async (body: Promise<unknown>): Promise<OperatorAnswer> => {
    return { status: 200, body: await body };
  };
  return [
    {
      method: 'GET',
      path: AT,
      permission: 'read',
      of: 'tenant',
      summary: 'What waits for a second person, and what came of it',
      answer: async (request) => {
        return { status: 200, body: { items: await approvals.list(request) } };
      },
    },
    {
      method: 'POST',
      path: `${AT}/:id/approve`,
      permission: 'outcomes.force',
      of: 'tenant',
      summary: 'Approve what another person has asked for',
      answer: (request) => ok(approvals.approve(request, reasonIn(request))),
    },
    {
      method: 'POST',
      path: `${AT}/:id/reject`,
      permission: 'outcomes.force',
      of: 'tenant',
      summary: 'Refuse it, or take it back',
      answer: (request) => ok(approvals.reject(request, reasonIn(request))),
    },
  ];
}
