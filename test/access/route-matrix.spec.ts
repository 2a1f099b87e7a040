// Who may call what: every role at every route that a running coordinator serves. What each route
// takes stands in routes.txt, beside the code: a new route fails until it is listed there.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Permission, Role } from '@concordat/wire/operations';
import { permissionsOf, roles } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../http/api.js';
import { Api, problemIn } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { makeKey } from './callers.js';

interface Row {
  readonly route: string;
  /** A permission, `anyone` or `signed-in`. */
  readonly takes: string;
  readonly of?: string | undefined;
}

const GOLDEN = path.resolve('test/access/routes.txt');
/** Longer than any list of routes: this test asks for all of them, many times over. */
const MATRIX_TIMEOUT_MS = 120_000;

const { databaseUrl } = await databaseFromTemplate();
const coordinator = await startCoordinator({ DATABASE_URL: databaseUrl });
const admin = new Api(coordinator.url);
const nobody = admin.as(null);
const served = await servedRoutes();

async function servedRoutes(): Promise<readonly Row[]> {
  const { body } = await admin.get('/v1/access/roles');
  return (body as { routes: readonly Row[] }).routes;
}

function listed(): readonly Row[] {
  const lines = readFileSync(GOLDEN, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [route, takes, of] = line.split(/ {2,}/);
    return route === undefined || takes === undefined ? [] : [{ route, takes, of }];
  });
}

function lineOf({ route, takes, of = '' }: Row): string {
  return `${route.padEnd(72)}  ${takes.padEnd(22)}  ${of}`.trimEnd();
}

test('[9] the routes that are served are those of routes.txt (UPDATE_ROUTES=1 writes it)', () => {
  const text = `${served.map(lineOf).join('\n')}\n`;
  if (process.env['UPDATE_ROUTES'] === '1') writeFileSync(GOLDEN, text);
  expect(served.length).toBeGreaterThan(20);
  expect(text).toBe(readFileSync(GOLDEN, 'utf8'));
});

test('[9] only the liveness, the page and the way in are for anyone', () => {
  const open = listed().filter(({ takes }) => takes === 'anyone');
  const allowed =
    /^(GET|HEAD) \/health\/live$|^(GET|HEAD) \/(ui(\/\*?)?)?$|^(GET|HEAD|POST) \/v1\/session(\/oidc(\/callback)?)?$/;
  expect(open.map(({ route }) => route).filter((route) => !allowed.test(route))).toEqual([]);
});

test('[9] a role permits what it is for, and nothing of another duty', () => {
  const may: Record<Role, readonly Permission[]> = {
    reader: ['read'],
    client: ['read', 'transactions.begin'],
    operator: ['read', 'transactions.operate', 'participants.operate'],
    resolver: [
      'read',
      'transactions.operate',
      'participants.operate',
      'payloads.read',
      'transactions.resolve',
      'outcomes.force',
    ],
    admin: ['read', 'participants.operate', 'access.manage', 'alerts.manage'],
    auditor: ['read', 'audit.read'],
  };
  expect(permissionsOf).toEqual(may);
});

describe('[1] without a credential', () => {
  test('every route but those for anyone is 401, and says how to come in', async () => {
    const guarded = listed().filter(({ takes }) => takes !== 'anyone');
    expect(guarded.length).toBeGreaterThan(15);
    for (const row of guarded) {
      const answer = await ask(null, row);
      expect([row.route, answer.status]).toEqual([row.route, 401]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="concordat"/);
      if (!row.route.startsWith('HEAD')) expect(problemIn(answer).kind).toBe('unauthenticated');
    }
  });

  test('so is a path that leads nowhere, and a method that a path does not take', async () => {
    for (const [method, url] of [
      ['GET', '/nowhere'],
      ['GET', '/v1'],
      ['GET', '/.env'],
      ['PUT', '/v1/transactions'],
      ['POST', '/health/live'],
      ['GET', '/v1/transactions/'],
      ['GET', '/V1/transactions'],
      ['GET', '//v1/transactions'],
    ] as const) {
      const answer = await nobody.request(url, { method });
      expect([method, url, problemIn(answer)]).toEqual([
        method,
        url,
        { status: 401, kind: 'unauthenticated' },
      ]);
    }
  });

  test('liveness answers, and says nothing of what it depends on', async () => {
    expect(await nobody.get('/health/live')).toMatchObject({
      status: 200,
      text: '{"status":"live"}',
    });
  });
});

describe('[9] of each role, only what is listed passes', () => {
  const withRoles = roles.map((role) => ({ role, tenant: '*' }));
  const ofTenant = roles.map((role) => ({ role, tenant: 'acme' }));

  test.each([...withRoles, ...ofTenant])(
    '$role of $tenant',
    async ({ role, tenant }) => {
      const { key } = await makeKey(admin, [{ tenant, roles: [role] }]);
      const passed: string[] = [];
      for (const row of listed()) {
        const answer = await ask(key, row);
        const isRefused = answer.status === 401 || answer.status === 403;
        expect([row.route, answer.status, isRefused]).toEqual([
          row.route,
          isRefused ? 403 : answer.status,
          !mayPass(row, role, tenant),
        ]);
        if (!isRefused) passed.push(row.route);
        else if (!row.route.startsWith('HEAD')) {
          expect(answer.body).toMatchObject({ permission: row.takes });
        }
      }
      expect(passed.length).toBeGreaterThan(5);
      expect(passed.length).toBeLessThan(listed().length);
    },
    MATRIX_TIMEOUT_MS,
  );
});

function mayPass({ takes, of }: Row, role: Role, tenant: string): boolean {
  if (takes === 'anyone' || takes === 'signed-in') return true;
  if (of === 'installation' && tenant !== '*') return false;
  return permissionsOf[role].some((permission) => permission === takes);
}

/** A request that finds nothing to do: ids that are unknown, and bodies that are empty. */
async function ask(key: string | null, { route }: Row): Promise<ApiAnswer> {
  const [method = '', pattern = ''] = route.split(' ');
  const url = pattern
    .replaceAll(/:(gtid|id)\b/g, '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55')
    .replaceAll(/:\w+/g, 'nobody')
    .replaceAll('*', 'nothing');
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const stream = new AbortController();
  const response = await fetch(`${coordinator.url}${url}`, {
    method,
    redirect: 'manual',
    signal: stream.signal,
    ...(hasBody ? { body: '{}' } : {}),
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
  });
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) {
    stream.abort(); // it has no end
    return { status, headers, text: '', body: undefined };
  }
  const text = await response.text();
  const body: unknown = /json/.test(type) && text !== '' ? JSON.parse(text) : undefined;
  return { status, headers, text, body };
}
