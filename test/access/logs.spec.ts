// What people who run it can read, and what nobody can: refusals are told, secrets are not.
import { describe, expect, test } from 'vitest';
import { Api } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Browser, cookieOf, makeKey } from './callers.js';
import { AUDIENCE, DASHBOARD, IdentityProvider, signingKey } from './identity-provider.js';
import { rawRequest } from './raw-request.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const bank = participants.add('bank');
const provider = await IdentityProvider.open();
provider.start([await signingKey('one')]);
const SETTING = 'ck_canary-of-the-setting-0123456789';
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  LOG_LEVEL: 'trace',
  CONCORDAT_API_KEY: SETTING,
  CONCORDAT_PARTICIPANT_BANK: bank.url,
  CONCORDAT_PARTICIPANT_SECRET: 'canary-of-the-signatures-0123456789abcdef',
  CONCORDAT_OIDC_ISSUER: provider.issuer,
  CONCORDAT_OIDC_AUDIENCE: AUDIENCE,
  CONCORDAT_OIDC_CLIENT_ID: DASHBOARD.id,
  CONCORDAT_OIDC_CLIENT_SECRET: 'canary-of-the-client-7b1d',
});
const api = new Api(coordinator.url, SETTING);
const LIST = '/v1/transactions';

const refusals = () => coordinator.log.filter(({ msg }) => msg === 'a request was refused');

describe('[19] whoever is refused is in the log', () => {
  test('without a credential, with a wrong one, and without the permission', async () => {
    const before = refusals().length;
    await api.as(null).get(LIST);
    await api.as('ck_wrong').get(LIST);
    const { id, key } = await makeKey(api, [{ tenant: 'acme', roles: ['reader'] }]);
    await api.as(key).post('/v1/access/keys', { name: 'x' });
    await eventually('they are in the log', () => refusals().length >= before + 3);
    const told = refusals().slice(before);
    expect(told).toHaveLength(3);
    const where = { address: '127.0.0.1', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) };
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ reason: 'no credential', method: 'GET', path: LIST, ...where }),
        expect.objectContaining({ reason: 'no key that may be used', ...where }),
        expect.objectContaining({
          reason: 'not-permitted',
          principal: `key:${id}`,
          method: 'POST',
          path: '/v1/access/keys',
          ...where,
        }),
      ]),
    );
  });

  test('and so is a page of another site that tries a session', async () => {
    const { key } = await makeKey(api, [{ tenant: '*', roles: ['admin'] }]);
    const anonymous = api.as(null);
    const answer = await anonymous.post('/v1/session', { key });
    const headers = {
      cookie: cookieOf(answer).split(';')[0] ?? '',
      origin: 'https://evil.example',
    };
    await anonymous.request('/v1/session', { method: 'DELETE', headers });
    const told = await eventually('it is in the log', () =>
      refusals().find(({ reason, method }) => reason === 'cross-site' && method === 'DELETE'),
    );
    expect(told).toMatchObject({ address: '127.0.0.1', path: '/v1/session' });
  });
});

describe('[20] nobody writes the log but us', () => {
  test('what comes from outside stays on its line, and colours nothing', async () => {
    const forged = '{"level":"fatal","msg":"forged"}';
    for (const path of [
      `${LIST}/%0d%0a${encodeURIComponent(forged)}`,
      `${LIST}/%1b[31mred%1b[0m`,
      `/v1/%0a${encodeURIComponent(forged)}`,
      `${LIST}?name=%0a${encodeURIComponent(forged)}`,
    ]) {
      await api.get(path);
      await api.as(null).get(path);
    }
    for (const bytes of [
      `GET /\x9b31m HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET /v1/\xe2\x80\xa8x HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \x9b31m\r\n\r\n`,
    ]) {
      await rawRequest(coordinator.url, Buffer.from(bytes, 'latin1'));
    }
    const name = 'a\u001b[31m\n{"forged":1}';
    for (const body of [
      { protocol: '2pc', name },
      { protocol: '2pc', metadata: { [name]: name } },
    ]) {
      expect(await api.post(LIST, body)).toMatchObject({ status: 400 });
    }
    const grants = [{ tenant: '*', roles: ['reader' as const] }];
    for (const odd of [
      { name, grants, reason: 'r' },
      { name: 'x', grants, reason: name },
    ]) {
      expect(await api.post('/v1/access/keys', odd)).toMatchObject({ status: 400 });
    }
    bank.answers('execute', { status: 409, body: { reason: name } });
    await api.begin({
      protocol: 'saga',
      branches: [{ id: 'a', participant: 'bank', retry: { attemptsMax: 1 } }],
    });
    const lines = coordinator.logText.split('\n').filter((line) => line !== '');
    for (const line of lines) {
      expect(() => JSON.parse(line)).not.toThrow();
      // oxlint-disable-next-line no-control-regex
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      expect(JSON.parse(line)).not.toMatchObject({ msg: 'forged' });
    }
    expect(lines.length).toBeGreaterThan(10);
  });
});

describe('[21] no secret and no payload', () => {
  test('is in the log, in an error, or in what is kept of a failure', async () => {
    const said: string[] = [];
    const hear = async (asked: Promise<{ text: string; headers: Headers }>): Promise<void> => {
      const { text, headers } = await asked;
      said.push(text, [...headers].join('\n'));
    };
    const canary = 'canary-in-a-request';
    // Wrong in every place where a secret could stand.
    await hear(api.as(`ck_${canary}`).get(LIST));
    await hear(api.as(null).get(LIST, { authorization: `Basic ${canary}` }));
    await hear(api.as(null).get(LIST, { authorization: `Bearer ${canary} ${canary}` }));
    await hear(api.as(null).get(LIST, { authorization: `Bearer e30.${canary}.x` }));
    await hear(api.as(null).get(LIST, { cookie: `__Host-concordat=${canary}` }));
    await hear(api.as(null).get(`${LIST}?access_token=${canary}`));
    await hear(api.as(null).get(`/v1/session/oidc/callback?code=${canary}&state=${canary}`));
    await hear(api.as(null).post('/v1/session', { key: canary }));
    await hear(api.as(null).post('/v1/session', { key: [canary] }));
    await hear(api.post(LIST, { protocol: '2pc', branches: canary }));
    await hear(
      api.post(LIST, { protocol: canary, deadlineMs: canary, branches: [{ id: { canary } }] }),
    );
    await hear(api.postText(LIST, `{"protocol": ${canary}`));
    await hear(api.post('/v1/access/keys', { name: [canary], reason: 1, grants: canary }));
    // Right, with payloads and results that are nobody's business.
    bank.answers('execute', { status: 500 }, { status: 200, body: { result: { card: canary } } });
    const { gtid } = await api.begin(
      {
        protocol: 'saga',
        branches: [{ id: 'a', participant: 'bank', payload: { card: canary } }],
      },
      { 'idempotency-key': canary, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
    );
    await api.untilEnded(gtid);
    await hear(api.post(`${LIST}/${gtid}/rollback`));
    const { key } = await makeKey(api, [{ tenant: '*', roles: ['reader'] }]);
    const answer = await api.as(null).post('/v1/session', { key });
    const cookie = cookieOf(answer).split(';')[0] ?? '';
    await hear(new Browser(api.as(null), cookie).get('/v1/session'));
    await hear(api.get('/v1/access/keys'));
    await hear(api.get('/metrics'));
    await pool.query('alter table concordat.api_key rename to away'); // a failure that nobody expects
    await hear(api.as(`ck_000000000000_${'c'.repeat(43)}`).get(LIST));
    await hear(api.get('/v1/access/keys'));
    await pool.query('alter table concordat.away rename to api_key');
    await eventually('the failure is in the log', () => coordinator.logText.includes('api_key'));

    const written = `${coordinator.logText}\n${coordinator.errors}`;
    for (const text of [...said, written]) {
      expect(text).not.toContain('canary');
      expect(text).not.toContain(key.slice(-43));
      expect(text).not.toContain(cookie.slice(-43));
      expect(text).not.toContain('c'.repeat(43));
      expect(text).not.toContain(`:${new URL(databaseUrl).password}@`);
    }
    const errors = said.filter((text) => text.includes('urn:concordat:problem:'));
    expect(errors.length).toBeGreaterThan(12);
    for (const text of errors)
      expect(text).not.toMatch(/\.(ts|js):\d|at \w+ \(|select |concordat\./);
  });
});
