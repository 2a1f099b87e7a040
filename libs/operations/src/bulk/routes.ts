import {
  bulkRequestSchema,
  bulkResumeRequestSchema,
  plainRequestSchema,
} from '@concordat/wire/operations';
import type { z } from 'zod';
import type { Route } from '../api.js';
import { bodyOf } from '../requests.js';
import type { Bulks, Steering, Verb } from './bulks.js';

const AT = '/v1/operations/bulk';
const reasonSchema = plainRequestSchema.pick({ reason: true });

const SUMMARIES: { readonly [V in Verb]: string } = {
  pause: 'Hold a bulk',
  resume: 'Go on with a bulk',
  cancel: 'End a bulk; what is done stays done',
};
const BODIES: { readonly [V in Verb]: z.ZodType<Steering> } = {
  pause: reasonSchema,
  resume: bulkResumeRequestSchema,
  cancel: reasonSchema,
};

export function bulkRoutes(bulks: Bulks): readonly Route[] {
  const steering = (['pause', 'resume', 'cancel'] as const).map((verb): Route => {
    return {
      method: 'POST',
      path: `${AT}/:id/${verb}`,
      permission: 'transactions.operate',
      of: 'tenant',
      summary: SUMMARIES[verb],
      answer: async (request) => {
        const asked = bodyOf(BODIES[verb], request);
        return { status: 200, body: await bulks.steer(request, verb, asked) };
      },
    };
  });
  return [
    {
      method: 'GET',
      path: AT,
      permission: 'read',
      of: 'tenant',
      summary: 'What was asked for in bulk, and how far it is',
      answer: async (request) => {
        return { status: 200, body: { items: await bulks.list(request) } };
      },
    },
    {
      method: 'POST',
      path: AT,
      permission: 'transactions.operate',
      of: 'tenant',
      summary: 'Do it to all that a filter finds',
      answer: async (request) => {
        const body = await bulks.begin(request, bodyOf(bulkRequestSchema, request));
        return { status: 'result' in body ? 200 : 201, body };
      },
    },
    {
      method: 'GET',
      path: `${AT}/:id`,
      permission: 'read',
      of: 'tenant',
      summary: 'How far a bulk is',
      answer: async (request) => ({ status: 200, body: await bulks.show(request) }),
    },
    ...steering,
  ];
}
