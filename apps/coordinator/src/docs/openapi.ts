// The OpenAPI 3.1 document. What bodies look like is not said here: it comes from the schemas that
// parse them (libs/wire). JSON Schema 2020-12 is the dialect of both.
import { listQuerySchema } from '@concordat/wire';
import { z } from 'zod';
import { pathsOf } from './paths.js';

const COMPONENTS = '#/components/schemas/';

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
      { name: 'operation', description: 'Health and metrics.' },
    ],
    paths: pathsOf(listParameters()),
    components: { schemas: schemas(), parameters },
  };
}

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
    description: 'The name of a participant that is a resource manager.',
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

/** Each field of the query is a parameter; `output`, because what is sent is text. */
function listParameters(): readonly object[] {
  const { properties = {} } = z.toJSONSchema(listQuerySchema, { io: 'output' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: withComponents(schema),
  }));
}

/** zod puts named schemas beside each other under `$defs`. */
function withComponents(schema: z.core.JSONSchema._JSONSchema): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/$defs/', COMPONENTS));
}
