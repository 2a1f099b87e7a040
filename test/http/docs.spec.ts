// What the coordinator says of itself: OpenAPI, its page, metrics, health.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beginRequestSchema, parseBegin } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api } from './api.js';

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_PARTICIPANT_BANK: participants.add('bank').url,
});
const api = new Api(coordinator.url);

/** Of everything that is served: pages, and whatever is answered without a body. */
const UNDOCUMENTED = /^HEAD |^GET \/((docs|ui)\b.*|openapi\.json)?$/;

/** Those that are for programs, as OpenAPI writes them. */
function routesForPrograms(): readonly string[] {
  const lines = readFileSync(path.resolve('test/access/routes.txt'), 'utf8').trim().split('\n');
  const routes = lines.map((line) => line.split(/ {2,}/)[0] ?? '');
  return routes
    .filter((route) => !UNDOCUMENTED.test(route))
    .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
}

describe('/openapi.json', () => {
  test('is OpenAPI 3.1 and has every route for programs, and no other', async () => {
    const answer = await api.get('/openapi.json');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const { openapi, paths } = answer.body as { openapi: string; paths: object };
    expect(openapi).toMatch(/^3\.1\.\d$/);
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes).toContain('POST /v1/transactions/{gtid}/commit');
    expect(routes.toSorted()).toEqual(routesForPrograms().toSorted());
  });

  test('has an example for each protocol, and the API accepts each of them', async () => {
    const { body } = await api.get('/openapi.json');
    const { examples } = (body as Document).paths['/v1/transactions'].post.requestBody.content[
      'application/json'
    ];
    const values = Object.values(examples).map(({ value }) => value);
    const limits = { branchesMax: 10, payloadBytesMax: 1_000 };
    for (const value of values) expect(parseBegin(value, limits)).toMatchObject({ ok: true });
    const protocols = values.map((value) => beginRequestSchema.parse(value).protocol);
    expect(new Set(protocols)).toEqual(new Set(['2pc', '3pc', 'tcc', 'saga']));
  });
});

interface Document {
  readonly paths: {
    readonly '/v1/transactions': {
      readonly post: {
        readonly requestBody: {
          readonly content: {
            readonly 'application/json': {
              readonly examples: { readonly [name: string]: { readonly value: unknown } };
            };
          };
        };
      };
    };
  };
}

test('/docs is a page that shows it, with everything that the page needs', async () => {
  const page = await api.get('/docs');
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  const assets = [...page.text.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(assets.length).toBeGreaterThan(2);
  for (const asset of assets) {
    const { pathname } = new URL(asset, `${api.url}/docs`);
    expect(await api.get(pathname)).toHaveProperty('status', 200);
  }
  expect((await api.get('/docs/swagger-ui-init.js')).text).toContain('Begin a global transaction');
});

test('/metrics counts transactions, calls, and what is in flight', async () => {
  const no = participants.add().answers('execute', { status: 409, body: {} });
  await api.begin({ protocol: 'saga', branches: [{ id: 'a', participant: 'bank' }] });
  await api.begin({ protocol: 'saga', branches: [{ id: 'a', participant: { url: no.url } }] });
  const expected = [
    'concordat_transactions_begun_total{protocol="saga"} 2',
    'concordat_transactions_ended_total{protocol="saga",outcome="committed"} 1',
    'concordat_transactions_ended_total{protocol="saga",outcome="rolled-back"} 1',
    'concordat_calls_total{participant="bank",operation="execute",answer="reply"} 1',
    'concordat_calls_total{participant="inline",operation="execute",answer="reply"} 1',
    'concordat_call_duration_seconds_count{operation="execute"} 2',
    'concordat_transactions_in_flight 0',
    'concordat_append_errors_total 0',
  ];
  await eventually('everything is counted', async () => {
    const { headers, text } = await api.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = text.split('\n');
    return expected.every((line) => lines.includes(line)) && lines;
  });
  expect((await api.get('/metrics')).text).toContain('nodejs_eventloop_lag_seconds');
});

test('/health says that it lives and is ready', async () => {
  expect(await api.get('/health/live')).toMatchObject({ status: 200, body: { status: 'live' } });
  expect(await api.get('/health/ready')).toMatchObject({ status: 200 });
});
