// The OpenAPI 3.1 document. What bodies look like is not said here: it comes from the schemas that
// parse them (libs/wire). JSON Schema 2020-12 is the dialect of both.
import { listQuerySchema } from '@concordat/wire';
import '@concordat/wire/operations';
import '../access/schemas.js';
import { z } from 'zod';
import { ruleFor } from '../access/route-table.js';
import type { Operation, Paths } from './operation.js';
import { problems } from './operation.js';
import { pathsOf } from './paths.js';
import { COMPONENTS, parametersOf } from './schema-of.js';

export type OpenApiDocument = ReturnType<typeof openApiDocument>;

export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Concordat',
      version: '1',
      description:
        'Distributed transactions: 2PC, 3PC, TCC and Saga. An outcome is never an HTTP error; ' +
        'errors are problem documents (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'transactions', description: 'What an initiator asks for.' },
      { name: 'participants', description: 'What a participant asks.' },
      { name: 'recovery', description: 'What is prepared in resource managers.' },
      { name: 'operator', description: 'What people see of transactions, and do to them.' },
      { name: 'access', description: 'Who may come in, and what for.' },
      { name: 'operation', description: 'Health and metrics.' },
    ],
    paths: guarded(pathsOf(parametersOf(listQuerySchema))),
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
    components: { schemas: schemas(), parameters, securitySchemes },
  };
}

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, or an access token of the identity provider.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-concordat',
    description: 'A session of the dashboard. What changes something must come from its pages.',
  },
};

const parameters = {
  gtid: {
    name: 'gtid',
    in: 'path',
    required: true,
    description: 'The id of a global transaction.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
  },
  resourceManager: {
    name: 'name',
    in: 'path',
    required: true,
    description: 'The name of a participant.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
  },
  branch: {
    name: 'branch',
    in: 'path',
    required: true,
    description: 'The id of a branch.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
  },
  itemId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The id that it was given.',
    schema: { type: 'string' },
  },
  keyId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The id of an API key.',
    schema: { type: 'string', format: 'uuid' },
  },
  tenant: {
    name: 'Concordat-Tenant',
    in: 'header',
    description:
      'Whose the transaction is. Default: the only tenant that you may begin for, else `default`.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
  },
  prefer: {
    name: 'Prefer',
    in: 'header',
    description: 'How long to wait for the end. Default: up to 5 s.',
    schema: { type: 'string' },
    examples: {
      wait: { summary: 'Until it has ended, or for 10 s', value: 'wait=10' },
      async: { summary: 'Not at all', value: 'respond-async' },
    },
  },
  idempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'The same key and body attach to the same transaction.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    example: 'checkout-42',
  },
};

/** With what the guard answers, and the permission that it asks for. */
function guarded(paths: Paths): Paths {
  const entries = Object.entries(paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => {
      const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
      return [method, guardedOperation(operation, method.toUpperCase(), route)];
    });
    return [path, Object.fromEntries(operations)];
  });
  return Object.fromEntries(entries);
}

function guardedOperation(operation: Operation, method: string, route: string): Operation {
  const rule = ruleFor(method, route);
  if (rule === 'anyone') return { ...operation, security: [] };
  const answers = problems('unauthenticated', 'not-permitted', 'too-many-requests');
  const responses = { ...answers, ...operation.responses };
  if (rule === undefined || rule === 'signed-in') return { ...operation, responses };
  const where = rule.of === 'tenant' ? '' : ', for all tenants';
  const takes = `Permission: \`${rule.permission}\`${where}.`;
  const { description } = operation;
  const told = description === undefined ? takes : `${description} ${takes}`;
  return { ...operation, description: told, responses };
}

/** Every schema of the wire that has a name. */
function schemas(): { readonly [name: string]: object } {
  const { schemas: named } = z.toJSONSchema(z.globalRegistry, {
    io: 'input',
    uri: (name) => `${COMPONENTS}${name}`,
  });
  return Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, bare(schema)]));
}

/** A component is known by its place in the document. */
function bare(schema: z.core.JSONSchema.BaseSchema): object {
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  return rest;
}
