// The routes, as OpenAPI describes them. A test compares them with the routes that are served.
import { accessPaths } from './access-paths.js';
import { beginExamples } from './examples.js';
import { operatorPaths } from './operator-paths.js';
import type { Operation, Paths } from './operation.js';
import { answer, body, problem, problems } from './operation.js';

const resourceManager = { $ref: '#/components/parameters/resourceManager' };
const gtid = { $ref: '#/components/parameters/gtid' };
const tenant = { $ref: '#/components/parameters/tenant' };
const prefer = { $ref: '#/components/parameters/prefer' };
const idempotencyKey = { $ref: '#/components/parameters/idempotencyKey' };

const location = {
  Location: { description: 'Names the transaction.', schema: { type: 'string' } },
};

/** @param listQuery the query parameters of the list */
export function pathsOf(listQuery: readonly object[]): Paths {
  return {
    '/v1/transactions': { post: begin, get: list(listQuery) },
    '/v1/transactions/{gtid}': { get: find },
    '/v1/transactions/{gtid}/branches': { post: enlist },
    '/v1/transactions/{gtid}/commit': { post: wish('commit') },
    '/v1/transactions/{gtid}/rollback': { post: wish('rollback') },
    '/v1/transactions/{gtid}/decision': { get: decision },
    '/v1/transactions/{gtid}/journal': { get: journal },
    '/v1/resource-managers': { get: resourceManagers },
    '/v1/resource-managers/{name}/scan': { post: scan },
    '/v1/resource-managers/{name}/self-test': { post: selfTest },
    ...operatorPaths,
    ...accessPaths,
    '/health/live': { get: live },
    '/health/ready': { get: ready },
    '/metrics': { get: metrics },
  };
}

const begin: Operation = {
  operationId: 'begin',
  tags: ['transactions'],
  summary: 'Begin a global transaction',
  description:
    'With branches, the coordinator drives them to an outcome; without, the transaction stays ' +
    'active and branches enlist. An outcome is never an error: what rolled back is a 201 too.',
  parameters: [idempotencyKey, prefer, tenant],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/BeginRequest' },
        examples: beginExamples,
      },
    },
  },
  responses: {
    201: {
      ...answer('Begun. It has ended, or goes on: see phase.', 'Transaction'),
      headers: location,
    },
    200: {
      ...answer('The same key and body have begun this one before.', 'Transaction'),
      headers: location,
    },
    ...problems('malformed-request', 'body-too-large', 'unsupported-media-type', 'key-reused'),
    503: problem('Nothing was begun; or that is not known, and the detail says so.'),
  },
};

const enlist: Operation = {
  operationId: 'enlist',
  tags: ['transactions'],
  summary: 'Enlist a branch while the transaction is active',
  description: 'Durable before it is answered. Repeating it is fine.',
  parameters: [gtid],
  requestBody: body('EnlistRequest'),
  responses: {
    201: answer('Enlisted.', 'Transaction'),
    ...problems('malformed-request', 'unknown-transaction', 'body-too-large'),
    ...problems('unsupported-media-type', 'journal-unavailable'),
    409: problem('It is not active any more, or another branch has this id.'),
  },
};

const list = (listQuery: readonly object[]): Operation => ({
  operationId: 'list',
  tags: ['transactions'],
  summary: 'List transactions, newest first',
  parameters: listQuery,
  responses: {
    200: answer('One page.', 'TransactionList'),
    ...problems('malformed-request', 'journal-unavailable'),
  },
});

const find: Operation = {
  operationId: 'find',
  tags: ['transactions'],
  summary: 'Where a transaction is now',
  parameters: [gtid],
  responses: {
    200: answer('As it is now.', 'Transaction'),
    ...problems('malformed-request', 'unknown-transaction', 'journal-unavailable'),
  },
};

const wish = (asked: 'commit' | 'rollback'): Operation => ({
  operationId: asked,
  tags: ['transactions'],
  summary: `Ask for ${asked}`,
  description: 'Repeating a wish is fine. The opposite of what has been decided is a 409.',
  parameters: [gtid, prefer],
  responses: {
    200: answer('Granted. It has ended, or goes on: see phase.', 'Transaction'),
    ...problems('malformed-request', 'unknown-transaction', 'decided-otherwise'),
    ...problems('journal-unavailable'),
  },
});

const decision: Operation = {
  operationId: 'decision',
  tags: ['participants'],
  summary: 'What was decided, for a participant in doubt',
  description: 'An id never heard of is rollback: presumed abort.',
  parameters: [gtid],
  responses: {
    200: answer('The decision, if there is one yet.', 'DecisionAnswer'),
    ...problems('malformed-request', 'decision-forgotten', 'journal-unavailable'),
  },
};

const journal: Operation = {
  operationId: 'journal',
  tags: ['transactions'],
  summary: 'What happened, in order',
  parameters: [gtid],
  responses: {
    200: answer('A line for each version.', 'Journal'),
    ...problems('malformed-request', 'unknown-transaction', 'journal-unavailable'),
  },
};

const resourceManagers: Operation = {
  operationId: 'resourceManagers',
  tags: ['recovery'],
  summary: 'The resource managers, and what is prepared there',
  responses: { 200: answer('As of the last scans.', 'ResourceManagerList') },
};

const scan: Operation = {
  operationId: 'scan',
  tags: ['recovery'],
  summary: 'Look for prepared branches now, and finish what is decided',
  description: 'One that does not answer is no error: reachable says so.',
  parameters: [resourceManager],
  responses: {
    200: answer('As of a scan that began after the request.', 'ResourceManager'),
    ...problems('malformed-request', 'unknown-resource-manager'),
  },
};

const selfTest: Operation = {
  operationId: 'selfTest',
  tags: ['recovery'],
  summary: 'Try out whether branches can be prepared and finished there',
  parameters: [resourceManager],
  responses: {
    200: answer('What was found, and what to do.', 'SelfTest'),
    ...problems('malformed-request', 'unknown-resource-manager'),
  },
};

const live: Operation = {
  operationId: 'live',
  tags: ['operation'],
  summary: 'Whether the process answers',
  responses: { 200: { description: 'It does.' } },
};

const ready: Operation = {
  operationId: 'ready',
  tags: ['operation'],
  summary: 'Whether to send requests here',
  responses: {
    200: { description: 'Ready; or degraded, with the reasons: ready, and less prompt.' },
    ...problems('not-ready'),
  },
};

const metrics: Operation = {
  operationId: 'metrics',
  tags: ['operation'],
  summary: 'Numbers for Prometheus',
  responses: { 200: { description: 'In its text format.', content: { 'text/plain': {} } } },
};
