// The routes of the operator API, as OpenAPI describes them. A test compares the table with the
// routes that libs/operations brings: a new one fails it until it is here.
import type { Route } from '@concordat/operations';
import { listQuerySchema } from '@concordat/wire';
import * as wire from '@concordat/wire/operations';
import { z } from 'zod';
import type { ProblemKind } from '../http/problems.js';
import type { Operation, Paths } from './operation.js';
import { problems } from './operation.js';
import { parametersOf, schemaOf } from './schema-of.js';

interface Row {
  readonly method: Route['method'];
  /** Without what all of them begin with. */
  readonly path: string;
  /** Unique. */
  readonly id: string;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** By status; null: without a body. */
  readonly answers: { readonly [status: number]: z.ZodType | null };
  readonly refusals?: readonly ProblemKind[];
}

const PREFIX = '/v1/operations';
const OF_TRANSACTION = '/transactions/{gtid}';
const OF_BRANCH = `${OF_TRANSACTION}/branches/{branch}`;

const reason = z.strictObject({ reason: wire.reasonSchema });
const triageQuery = z.strictObject({ ...listQuerySchema.shape, ...wire.triageExtras });
const windowQuery = z.strictObject({ windowMs: z.coerce.number().int().optional() });
const changed = z.strictObject({ what: z.array(z.string()) });
const bulkList = z.strictObject({ items: z.array(wire.bulkViewSchema) });

const done = { 200: wire.actionResultSchema };
const asked = { 202: wire.actionResultSchema };
const ofActions: readonly ProblemKind[] = ['unknown-transaction', 'not-possible'];

const get = (
  path: string,
  id: string,
  summary: string,
  schema: z.ZodType,
  more: Partial<Row> = {},
): Row => ({ method: 'GET', path, id, summary, answers: { 200: schema }, ...more });

const post = (
  path: string,
  id: string,
  summary: string,
  body: z.ZodType,
  answers: Row['answers'],
  refusals: readonly ProblemKind[] = [],
): Row => ({ method: 'POST', path, id, summary, body, answers, refusals });

const onTransaction: { readonly [A in wire.TransactionAction]: string } = {
  retry: 'Ask what is outstanding now',
  pause: 'Hold back its calls',
  resume: 'Let its calls go again',
  rollback: 'Roll back what is undecided',
  forget: 'Note that a heuristic outcome was seen to',
};
const plain = wire.plainRequestSchema;
const action = wire.actionRequestSchema;

const rows: readonly Row[] = [
  get('/overview', 'overview', 'What is wrong, and what it harms', wire.overviewSchema, {
    query: windowQuery,
  }),
  get(
    '/transactions',
    'triage',
    'Transactions, with why each is where it is',
    wire.triageListSchema,
    {
      query: triageQuery,
    },
  ),
  get(OF_TRANSACTION, 'detail', 'One transaction, whole', wire.transactionDetailSchema, {
    refusals: ['unknown-transaction'],
  }),
  get(`${OF_TRANSACTION}/truth`, 'truth', 'Every branch asked live', wire.truthViewSchema, {
    refusals: ['unknown-transaction'],
  }),
  ...wire.transactionActions.map((name) => {
    const path = `${OF_TRANSACTION}/${name}`;
    return post(path, `${name}Transaction`, onTransaction[name], action, done, ofActions);
  }),
  post(
    `${OF_BRANCH}/resolve`,
    'resolve',
    'Answer the outstanding call in the participant’s place',
    wire.resolveRequestSchema,
    done,
    ofActions,
  ),
  post(
    `${OF_BRANCH}/force`,
    'force',
    'End a branch that does not obey: two people',
    wire.forceRequestSchema,
    { ...done, ...asked },
    ofActions,
  ),
  post(
    `${OF_BRANCH}/skip`,
    'skip',
    'Go on without a step, or its compensation',
    action,
    done,
    ofActions,
  ),
  post(
    `${OF_BRANCH}/replay`,
    'replay',
    'Run a step again that was refused',
    action,
    done,
    ofActions,
  ),
  post(
    `${OF_BRANCH}/amend`,
    'amend',
    'Change what a step will be told',
    wire.amendRequestSchema,
    done,
    ofActions,
  ),
  get('/approvals', 'approvals', 'What waits for a second person', wire.approvalListSchema),
  post(
    '/approvals/{id}/approve',
    'approve',
    'Approve what another has asked for',
    reason,
    { 200: wire.approvalViewSchema },
    ['unknown-item', 'not-possible'],
  ),
  post(
    '/approvals/{id}/reject',
    'reject',
    'Refuse it, or take it back',
    reason,
    { 200: wire.approvalViewSchema },
    ['unknown-item', 'changed-meanwhile'],
  ),
  get(
    '/participants',
    'participants',
    'Who is registered, and how it goes',
    wire.participantListSchema,
  ),
  post('/participants/{name}/pause', 'pauseParticipant', 'Hold back all calls to it', plain, done, [
    'unknown-participant',
  ]),
  post('/participants/{name}/resume', 'resumeParticipant', 'Let its calls go again', plain, done, [
    'unknown-participant',
  ]),
  get('/in-doubt', 'inDoubt', 'What is prepared in all resource managers', wire.inDoubtListSchema),
  post(
    '/resource-managers/{name}/end',
    'endOrphan',
    'End what nobody else will end',
    wire.orphanRequestSchema,
    { ...done, ...asked },
    ['unknown-resource-manager', 'not-possible'],
  ),
  get('/bulk', 'bulks', 'What was asked for in bulk', bulkList),
  post(
    '/bulk',
    'beginBulk',
    'Do it to all that a filter finds',
    wire.bulkRequestSchema,
    { 201: wire.bulkViewSchema, ...done },
    ['not-possible'],
  ),
  get('/bulk/{id}', 'bulk', 'How far a bulk is', wire.bulkViewSchema, {
    refusals: ['unknown-item'],
  }),
  ...(['pause', 'resume', 'cancel'] as const).map((verb) =>
    post(
      `/bulk/{id}/${verb}`,
      `${verb}Bulk`,
      `To ${verb} it`,
      verb === 'resume' ? wire.bulkResumeRequestSchema : reason,
      { 200: wire.bulkViewSchema },
      ['unknown-item', 'not-possible'],
    ),
  ),
  get('/views', 'views', 'Views of the list, with how much is in each', wire.savedViewListSchema),
  post('/views', 'saveView', 'Keep a view of your own', wire.savedViewRequestSchema, {
    201: wire.savedViewSchema,
  }),
  {
    method: 'DELETE',
    path: '/views/{id}',
    id: 'removeView',
    summary: 'Remove a view of your own',
    answers: { 204: null },
    refusals: ['unknown-item'],
  },
  get('/audit', 'audit', 'What people did, who and why', wire.auditListSchema, {
    query: wire.auditQuerySchema,
  }),
  get(
    '/audit/verify',
    'verifyAudit',
    'Whether the audit is as it was written',
    wire.auditVerdictSchema,
  ),
  get('/alerts', 'alerts', 'Rules that watch', wire.alertRuleListSchema),
  post(
    '/alerts',
    'makeAlert',
    'Make a rule; its secret is shown once',
    wire.alertRuleRequestSchema,
    { 201: wire.newAlertRuleSchema },
  ),
  {
    method: 'PUT',
    path: '/alerts/{id}',
    id: 'changeAlert',
    summary: 'Change a rule',
    body: wire.alertRuleRequestSchema,
    answers: { 200: wire.alertRuleViewSchema },
    refusals: ['unknown-item'],
  },
  {
    method: 'DELETE',
    path: '/alerts/{id}',
    id: 'removeAlert',
    summary: 'Remove a rule',
    body: reason,
    answers: { 204: null },
    refusals: ['unknown-item'],
  },
  post(
    '/alerts/{id}/test',
    'testAlert',
    'Tell its webhook that this is a test',
    reason,
    { 200: wire.alertRuleViewSchema },
    ['unknown-item'],
  ),
  get('/events', 'events', 'Server-sent: what has changed', changed),
];

const parameters: { readonly [name: string]: string } = {
  gtid: 'gtid',
  branch: 'branch',
  name: 'resourceManager',
  id: 'itemId',
};

const SAID: { readonly [status: string]: string } = {
  200: 'As it is now; or what was done, or would be.',
  201: 'Begun.',
  202: 'It waits for a second person.',
  204: 'It is gone.',
};

export const operatorPaths: Paths = Object.fromEntries(
  Object.entries(Object.groupBy(rows, ({ path }) => path)).map(([path, methods = []]) => [
    `${PREFIX}${path}`,
    Object.fromEntries(methods.map((row) => [row.method.toLowerCase(), operationOf(row)])),
  ]),
);

function operationOf({ path, id, summary, query, body, answers, refusals = [] }: Row): Operation {
  const inPath = [...path.matchAll(/\{(?<name>\w+)\}/g)].map(({ groups }) => ({
    $ref: `#/components/parameters/${parameters[groups?.['name'] ?? '']}`,
  }));
  const inQuery = query === undefined ? [] : parametersOf(query);
  const content = (schema: z.ZodType, io: 'input' | 'output') => {
    const type = schema === changed ? 'text/event-stream' : 'application/json';
    return { content: { [type]: { schema: schemaOf(schema, io) } } };
  };
  const told = Object.entries(answers).map(([status, schema]) => {
    const description = SAID[status] ?? 'Done.';
    return [
      status,
      schema === null ? { description } : { description, ...content(schema, 'output') },
    ];
  });
  return {
    operationId: id,
    tags: ['operator'],
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: { required: true, ...content(body, 'input') } }),
    responses: {
      ...problems('malformed-request', 'journal-unavailable', ...refusals),
      ...Object.fromEntries(told),
    },
  };
}
