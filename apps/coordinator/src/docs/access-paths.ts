// The routes of access, as OpenAPI describes them: sessions, keys, roles.
import type { Paths } from './operation.js';
import { answer, body, problems } from './operation.js';

const keyId = { $ref: '#/components/parameters/keyId' };

const SIGNED_IN = {
  description: 'Signed in: the session is in the cookie __Host-concordat.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/WhoAmI' } } },
};

const KEYS = {
  description: 'At most 1000, those that are revoked or expired included.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['items'],
        properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Key' } } },
      },
    },
  },
};

export const accessPaths: Paths = {
  '/v1/session': {
    get: {
      operationId: 'whoAmI',
      tags: ['access'],
      summary: 'Who I am, and what I may do',
      description: 'Whoever is not signed in is told only whether a provider can sign one in.',
      responses: { 200: answer('Who you are.', 'WhoAmI') },
    },
    post: {
      operationId: 'signIn',
      tags: ['access'],
      summary: 'Begin a session of a browser, with an API key',
      requestBody: body('SignIn'),
      responses: {
        201: SIGNED_IN,
        ...problems('malformed-request', 'unauthenticated', 'cross-site', 'too-many-requests'),
      },
    },
    delete: {
      operationId: 'signOut',
      tags: ['access'],
      summary: 'End the session',
      responses: { 204: { description: 'It is over, here and now.' } },
    },
  },
  '/v1/session/oidc': {
    get: {
      operationId: 'signInWithProvider',
      tags: ['access'],
      summary: "Go to the identity provider's page",
      responses: {
        302: { description: 'To the page of the provider.' },
        ...problems('no-such-route', 'provider-away'),
      },
    },
  },
  '/v1/session/oidc/callback': {
    get: {
      operationId: 'signedInByProvider',
      tags: ['access'],
      summary: 'Where the identity provider sends the browser back to',
      responses: {
        302: { description: 'Signed in: to /ui/.' },
        ...problems('unauthenticated', 'no-such-route', 'provider-away'),
      },
    },
  },
  '/v1/access/roles': {
    get: {
      operationId: 'roles',
      tags: ['access'],
      summary: 'What each role may do, and what each route takes',
      responses: { 200: answer('Every role.', 'RoleList') },
    },
  },
  '/v1/access/keys': {
    get: {
      operationId: 'keys',
      tags: ['access'],
      summary: 'The API keys, the newest first',
      responses: { 200: KEYS, ...problems('journal-unavailable') },
    },
    post: {
      operationId: 'makeKey',
      tags: ['access'],
      summary: 'Make an API key',
      description: 'The key itself is in this answer and nowhere else: only its hash is kept.',
      requestBody: body('KeyRequest'),
      responses: {
        201: answer('Made.', 'NewKey'),
        ...problems('malformed-request', 'journal-unavailable'),
      },
    },
  },
  '/v1/access/keys/{id}': {
    delete: {
      operationId: 'revokeKey',
      tags: ['access'],
      summary: 'Revoke an API key',
      description:
        'Every instance refuses it within two seconds; sessions begun with it are over at once.',
      parameters: [keyId],
      responses: {
        200: answer('Revoked.', 'Key'),
        ...problems('malformed-request', 'unknown-key', 'journal-unavailable'),
      },
    },
  },
};
