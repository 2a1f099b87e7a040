// The two routes by which a person asks for the truth.
//
// P1. Whose transaction it is decides first (Q1 of requests.ts). What is prepared in resource
//     managers belongs to no tenant, so it takes the permission for all of them.
// P2. Texts of queries are shown to who may read payloads (B2 of blocks.ts), and that of all
//     tenants: who waits for a branch may be anybody.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import { ALL_TENANTS } from '@concordat/wire/operations';
import type { OperatorAnswer, OperatorRequest, Route } from '../api.js';
import { recordFor, unknownTransaction } from '../requests.js';
import type { OperationsPorts } from '../ports.js';
import type { Revealing } from './blocks.js';
import type { Truth } from './truth.js';

export function truthRoutes(
  ports: Pick<OperationsPorts, 'engine'>,
  truth: Pick<Truth, 'truthOf' | 'inDoubt'>,
): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/operations/transactions/:gtid/truth',
      permission: 'read',
      of: 'tenant',
      summary: 'What is true of each branch now: every participant is asked',
      answer: async (request): Promise<OperatorAnswer> => {
        const record = await recordFor(ports, request);
        const body = await truth.truthOf(record.gtid, revealingTo(request.principal));
        if (body === undefined) throw unknownTransaction(record.gtid);
        return { status: 200, body };
      },
    },
    {
      method: 'GET',
      path: '/v1/operations/in-doubt',
      permission: 'read',
      of: 'installation',
      summary: 'What is prepared in all resource managers, what it holds, and who waits for it',
      answer: async ({ principal }: OperatorRequest): Promise<OperatorAnswer> => {
        return { status: 200, body: await truth.inDoubt(revealingTo(principal)) };
      },
    },
  ];
}

/** P2. */
function revealingTo(principal: Principal): Revealing {
  return { payloads: may(principal, 'payloads.read', ALL_TENANTS) };
}
