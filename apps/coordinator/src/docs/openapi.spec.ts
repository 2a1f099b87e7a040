import type { OperationsPorts, Route } from '@concordat/operations';
import { openAlerts, openOperations } from '@concordat/operations';
import { parseBegin } from '@concordat/wire';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { Guard } from '../access/guard.js';
import type { Parts } from '../app.module.js';
import { httpServer } from '../http/server.js';
import { serveOperations } from '../operations/serve-operations.js';
import { beginExamples } from './examples.js';
import { openApiDocument } from './openapi.js';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}

// The document as others read it.
const document = JSON.parse(JSON.stringify(openApiDocument())) as ReturnType<
  typeof openApiDocument
>;

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every `$ref` below `value`. */
function refsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner),
  );
}

function resolve(ref: string): unknown {
  const parts = ref.replace('#/', '').split('/');
  return parts.reduce<unknown>((at, part) => Reflect.get(Object(at) as object, part), document);
}

test('it is OpenAPI 3.1, and every reference leads somewhere', () => {
  expect(document.openapi).toBe('3.1.0');
  const refs = new Set(refsIn(document));
  expect(refs.size).toBeGreaterThan(10);
  expect([...refs].filter((ref) => resolve(ref) === undefined)).toEqual([]);
});

/** They lead a browser to the provider's page, and back from it. */
const REDIRECTING = ['/v1/session/oidc', '/v1/session/oidc/callback'];

describe('every operation', () => {
  test('has a name of its own, a summary, and responses that are described', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, operation } of operations) {
      expect(operation.summary).not.toBe('');
      const responses = Object.entries(operation.responses);
      const good = responses.map(([status]) => status).filter((status) => status < '400');
      expect(good, path).not.toEqual([]);
      const isRedirecting = good.some((status) => status >= '300');
      expect([path, isRedirecting]).toEqual([path, REDIRECTING.includes(path)]);
      for (const [status, response] of responses) {
        expect(status).toMatch(/^[1-5]\d\d$/);
        expect(response).toHaveProperty('description');
      }
    }
  });

  test('declares the parameters in its path, and no other as such', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? [])
        .map((one) => ('$ref' in one ? resolve(String(one.$ref)) : one) as Parameter)
        .filter((one) => one.in === 'path');
      expect([path, declared.map(({ name }) => name)]).toEqual([path, inPath]);
      expect([path, declared.every(({ required }) => required === true)]).toEqual([path, true]);
    }
  });
});

test('the list declares every parameter that it takes, with its schema', () => {
  const { parameters = [] } = document.paths['/v1/transactions']?.['get'] ?? {};
  expect(parameters).toEqual(
    expect.arrayContaining([
      { name: 'protocol', in: 'query', schema: { $ref: '#/components/schemas/Protocol' } },
      expect.objectContaining({ name: 'cursor' }),
      expect.objectContaining({
        name: 'limit',
        schema: expect.objectContaining({ type: 'integer', maximum: 200, default: 50 }),
      }),
    ]),
  );
});

test('the examples are requests that the parser accepts', () => {
  for (const { value } of Object.values(beginExamples)) {
    expect(parseBegin(value, { branchesMax: 10, payloadBytesMax: 1_000 })).toHaveProperty(
      'ok',
      true,
    );
  }
});

test('it has every route that is served, and no other', async () => {
  const served = new Set<string>();
  const logger = pino({ level: 'silent' });
  const guard = new Guard({
    authenticator: { identify: () => Promise.resolve({ type: 'nobody' }) },
    requestsPerSecondMax: 1,
    publicUrl: undefined,
    logger,
  });
  const app = await httpServer({ access: { guard } } as Parts, {
    logger,
    guard,
    bodyBytesMax: 1_000,
    isStopping: () => false,
    die: () => process.exit(1),
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) served.add(`${one.toLowerCase()} ${url}`);
    });
  serveOperations(
    app.getHttpAdapter().getInstance(),
    routesOfNothing(),
    new AbortController().signal,
    () => Promise.resolve(true),
  );
  await app.init();
  await app.close();
  const routes = [...served].filter((route) => !/^head|\/docs|openapi/.test(route));
  const documented = operations.map(({ method, path }) => `${method} ${path}`);
  const inOurWords = documented.map((route) => route.replaceAll(/\{(\w+)\}/g, ':$1'));
  expect(routes.toSorted()).toEqual(inOurWords.toSorted());
});

/** The routes of operations that have nothing to work with: nothing of it is called. */
function routesOfNothing(): readonly Route[] {
  const ids = { next: () => 'x' };
  const ports = { ids, resourceManagers: [], registered: () => [] } as unknown as OperationsPorts;
  const webhooks = { faultOf: () => undefined, send: () => Promise.reject(new Error('no')) };
  return openOperations(ports, ({ situation }) =>
    openAlerts({ ...ports, situation, webhooks, publicUrl: undefined }),
  ).routes;
}
