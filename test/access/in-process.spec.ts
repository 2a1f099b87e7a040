// A coordinator in this process, as it stands in the sources: who may change what by which way.
import type { Grant } from '@concordat/wire/operations';
import { expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../apps/coordinator/src/config.js';
import { startCoordinator } from '../../apps/coordinator/src/coordinator.js';
import { openLog } from '../../apps/coordinator/src/logging.js';
import { Api, problemIn } from '../http/api.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { databaseFromTemplate } from '../support/databases.js';
import { makeKey, signIn } from './callers.js';

const { databaseUrl } = await databaseFromTemplate();
const config = parseConfig({
  PORT: '0',
  CONCORDAT_API_KEY: TEST_API_KEY,
  DATABASE_URL: databaseUrl,
});

async function coordinator(): Promise<Api> {
  const die = (violation: Error): never => {
    throw violation;
  };
  const started = await startCoordinator(config, { logger: openLog('silent'), die });
  onTestFinished(() => started.stop());
  return new Api(started.url);
}

test('with a session, what changes something must come from a page of ours', async () => {
  const admin = await coordinator();
  const { key } = await makeKey(admin, [{ tenant: '*', roles: ['client'] }]);
  const { cookie } = await signIn(admin.as(null), key);
  const begin = (headers: Record<string, string>) =>
    admin.as(null).post('/v1/transactions', { protocol: '2pc' }, { cookie, ...headers });
  const json = { 'content-type': 'application/json' };
  expect(problemIn(await begin({ ...json, origin: 'https://elsewhere.example' }))).toMatchObject({
    status: 403,
    kind: 'cross-site',
  });
  expect(problemIn(await begin(json))).toMatchObject({ status: 403, kind: 'cross-site' });
  expect(await begin({ ...json, 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 201 });
});

test('another tenant’s transaction is not there, and nobody changes what he may only read', async () => {
  const admin = await coordinator();
  const { gtid } = await admin.begin({ protocol: '2pc' }, { 'concordat-tenant': 'acme' });
  const client = (tenant: string): Grant => ({ tenant, roles: ['client'] });
  const as = async (...grants: readonly Grant[]) => admin.as((await makeKey(admin, grants)).key);
  const path = `/v1/transactions/${gtid}`;
  const foreign = await as(client('other'));
  expect(problemIn(await foreign.get(path))).toMatchObject({ status: 404 });
  expect(problemIn(await foreign.post(`${path}/rollback`))).toMatchObject({ status: 404 });
  const reader = await as(client('other'), { tenant: 'acme', roles: ['reader'] });
  expect(await reader.get(path)).toMatchObject({ status: 200 });
  expect(problemIn(await reader.post(`${path}/rollback`))).toMatchObject({ status: 403 });
  const own = await as(client('acme'));
  expect(await own.post(`${path}/rollback`)).toMatchObject({ status: 200 });
});
