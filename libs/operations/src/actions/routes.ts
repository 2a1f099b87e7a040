// The routes of what is done to one transaction.
import type { GlobalTransactionId } from '@concordat/protocols';
import { isJson } from '@concordat/wire';
import type {
  ActionRequest,
  BranchAction,
  Permission,
  TransactionAction,
} from '@concordat/wire/operations';
import {
  actionRequestSchema,
  amendRequestSchema,
  forceRequestSchema,
  resolveRequestSchema,
  transactionActions,
} from '@concordat/wire/operations';
import type { OperatorAnswer, OperatorRequest, Route } from '../api.js';
import type { Approvals } from '../approvals/approvals.js';
import type { OperationsPorts } from '../ports.js';
import {
  actorIn,
  bodyOf,
  branchOf,
  gtidOf,
  malformed,
  recordFor,
  requireBranch,
} from '../requests.js';
import type { Acts, Asked } from './acts.js';
import { permissionTo } from './judge.js';
import type { Ask } from './words.js';

const AT = '/v1/operations/transactions/:gtid';

type Ports = Pick<OperationsPorts, 'engine' | 'ids'>;

interface Parts {
  readonly ports: Ports;
  readonly acts: Acts;
  readonly approvals: Pick<Approvals, 'askToForce'>;
}

/** A body, and what is asked for with it. */
interface Wanted {
  readonly ask: Ask;
  readonly body: ActionRequest & { readonly evidence?: string };
}

export function actionRoutes(parts: Parts): readonly Route[] {
  const whole = transactionActions.map((action) => transactionRoute(parts, action));
  const branches = branchRoutes.map(({ action, summary, read }): Route => {
    return {
      method: 'POST',
      path: `${AT}/branches/:branch/${action}`,
      permission: permissionTo[action],
      of: 'tenant',
      summary,
      answer: (request) => answer(parts, request, permissionTo[action], read),
    };
  });
  return [...whole, ...branches];
}

const SUMMARIES: { readonly [A in TransactionAction]: string } = {
  retry: 'Ask what is outstanding now',
  pause: 'Hold back its calls',
  resume: 'Let its calls go again',
  rollback: 'Roll back what is undecided',
  forget: 'Note that a heuristic outcome was seen to',
};

function transactionRoute(parts: Parts, action: TransactionAction): Route {
  const permission = permissionTo[action];
  const read: Read = (request) => {
    return { body: bodyOf(actionRequestSchema, request), ask: { action } };
  };
  return {
    method: 'POST',
    path: `${AT}/${action}`,
    permission,
    of: 'tenant',
    summary: SUMMARIES[action],
    answer: (request) => answer(parts, request, permission, read),
  };
}

/** What is malformed is told before anything is looked for. */
type Read = (request: OperatorRequest) => Wanted;

interface BranchRoute {
  readonly action: BranchAction;
  readonly summary: string;
  readonly read: Read;
}

const plain =
  (action: 'skip' | 'replay'): Read =>
  (request) => {
    const body = bodyOf(actionRequestSchema, request);
    return { body, ask: { action, branch: branchOf(request) } };
  };

const branchRoutes: readonly BranchRoute[] = [
  {
    action: 'resolve',
    summary: 'Answer the outstanding call in the participant’s place',
    read: (request) => {
      const { as, result, unconfirmed, ...body } = bodyOf(resolveRequestSchema, request);
      const given = isJson(result) ? { result } : {};
      const branch = branchOf(request);
      return { body, ask: { action: 'resolve', branch, as, unconfirmed, ...given } };
    },
  },
  {
    action: 'force',
    summary: 'End a branch that does not obey',
    read: (request) => {
      const { outcome, ...body } = bodyOf(forceRequestSchema, request);
      return { body, ask: { action: 'force', branch: branchOf(request), outcome } };
    },
  },
  { action: 'skip', summary: 'Go on without a step, or its compensation', read: plain('skip') },
  { action: 'replay', summary: 'Run a step again', read: plain('replay') },
  {
    action: 'amend',
    summary: 'Change what a step will be told',
    read: (request) => {
      const { payload, ...body } = bodyOf(amendRequestSchema, request);
      if (!isJson(payload)) throw malformed([{ pointer: '/payload', message: 'is required' }]);
      return { body, ask: { action: 'amend', branch: branchOf(request), payload } };
    },
  },
];

async function answer(
  { ports, acts, approvals }: Parts,
  request: OperatorRequest,
  permission: Permission,
  read: Read,
): Promise<OperatorAnswer> {
  const { body, ask } = read(request);
  const gtid = gtidOf(request);
  const asked = askedOf(ports, request, gtid, { ask, body });
  return acts.orLogged(asked, async () => {
    const record = await recordFor(ports, request, permission);
    if ('branch' in ask) requireBranch(record, ask.branch);
    if (ask.action !== 'force' || body.dryRun) {
      return { status: 200, body: await acts.perform(asked) };
    }
    return { status: 202, body: await approvals.askToForce({ ...asked, ask }) };
  });
}

function askedOf(
  { ids }: Ports,
  request: OperatorRequest,
  gtid: GlobalTransactionId,
  { ask, body }: Wanted,
): Asked {
  const { reason, dryRun, ifVersion, evidence } = body;
  const { signal } = request;
  const id = ids.next();
  return { id, actor: actorIn(request), reason, gtid, ask, evidence, dryRun, ifVersion, signal };
}
