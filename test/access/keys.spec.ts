// API keys: made once, kept as a hash, revoked everywhere; and the first key, which is a setting.
import { createHash } from 'node:crypto';
import { keyListSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../http/api.js';
import { Api, malformed, problemIn } from '../http/api.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { spawnCoordinator, startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { makeKey } from './callers.js';

/** As soon as that, every instance refuses a key that was revoked. */
const REVOKED_WITHIN_MS = 5_000;
/** One is forgiven every three seconds, and a request is faster than that, as a rule. */
const FAILURES_ASKED_MAX = 500;
const HOUR_MS = 3_600_000;

const { databaseUrl, pool } = await databaseFromTemplate();
const [coordinator, ...others] = await Promise.all([
  startCoordinator({ DATABASE_URL: databaseUrl }),
  startCoordinator({ DATABASE_URL: databaseUrl }),
  startCoordinator({ DATABASE_URL: databaseUrl }),
]);
const admin = new Api(coordinator.url);
const reader = { tenant: '*', roles: ['reader'] } as const;
const LIST = '/v1/transactions';

const grantsOfReader = [{ tenant: '*', roles: ['reader' as const] }];

describe('[4] a key', () => {
  test('is shown once, and kept as a hash of its 256 random bits', async () => {
    const { id, key } = await makeKey(admin, grantsOfReader);
    expect(key).toMatch(/^ck_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const { text } = await admin.get('/v1/access/keys');
    expect(text).toContain(id);
    expect(text).not.toContain(key.slice(-43));
    const { rows } = await pool.query<{ hash: Buffer }>(
      'select hash from concordat.api_key where id = $1',
      [id],
    );
    expect(rows[0]?.hash).toEqual(createHash('sha256').update(key).digest());
    const all = await pool.query<{ row: string }>('select k::text as row from concordat.api_key k');
    expect(all.rows.map(({ row }) => row).join('\n')).not.toContain(key.slice(-43));
  });

  test('is another each time, and has a prefix of its own', async () => {
    const made = await Promise.all([1, 2, 3].map(() => makeKey(admin, grantsOfReader)));
    expect(new Set(made.map(({ key }) => key.slice(-43))).size).toBe(3);
    expect(new Set(made.map(({ key }) => key.slice(0, 15))).size).toBe(3);
  });

  test('lets in, and none that differs from it does', async () => {
    const { key } = await makeKey(admin, grantsOfReader);
    expect(await admin.as(key).get(LIST)).toMatchObject({ status: 200 });
    const last = key.endsWith('A') ? 'B' : 'A';
    for (const wrong of [
      `${key.slice(0, -1)}${last}`,
      `${key}A`,
      key.slice(0, -1),
      key.toUpperCase(),
      `ck_000000000000_${key.slice(-43)}`,
      key.slice(-43),
    ]) {
      expect(problemIn(await admin.as(wrong).get(LIST))).toMatchObject({ status: 401 });
    }
  });

  test('that has expired is refused', async () => {
    const { id, key } = await makeKey(admin, grantsOfReader, {
      expiresAt: new Date(Date.now() + HOUR_MS).toISOString(),
    });
    expect(await admin.as(key).get(LIST)).toMatchObject({ status: 200 });
    await pool.query('update concordat.api_key set expires_at = now() where id = $1', [id]);
    await eventually('it is refused', async () => (await admin.as(key).get(LIST)).status === 401);
  });

  test('that would have expired already, or is for nobody, is not made', async () => {
    const expiresAt = new Date(Date.now() - HOUR_MS).toISOString();
    const past = { name: 'x', grants: [reader], reason: 'r', expiresAt };
    expect(problemIn(await admin.post('/v1/access/keys', past))).toEqual(malformed('/expiresAt'));
    const odd = {
      name: 'x',
      grants: [{ tenant: 'a b', roles: ['king'] }],
      reason: 'r',
      id: 'mine',
    };
    const { pointers } = problemIn(await admin.post('/v1/access/keys', odd));
    expect(new Set(pointers)).toEqual(new Set(['/grants/0/tenant', '/grants/0/roles/0', '/id']));
  });

  test('shows when it was used last, and by the minute', async () => {
    const { id, key } = await makeKey(admin, grantsOfReader);
    await admin.as(key).get(LIST);
    await eventually('its use is noted', async () => {
      const { items } = keyListSchema.parse((await admin.get('/v1/access/keys')).body);
      return items.find((item) => item.id === id)?.lastUsedAt !== undefined;
    });
    const used = await pool.query(
      'select xmin, last_used_at from concordat.api_key where id = $1',
      [id],
    );
    await admin.as(key).get(LIST);
    const again = await pool.query(
      'select xmin, last_used_at from concordat.api_key where id = $1',
      [id],
    );
    expect(again.rows).toEqual(used.rows);
  });

  test('that is revoked is refused by every instance within 5 s', async () => {
    const { id, key } = await makeKey(admin, grantsOfReader);
    const apis = [admin, ...others.map(({ url }) => new Api(url))].map((api) => api.as(key));
    for (const api of apis) expect(await api.get(LIST)).toMatchObject({ status: 200 });
    expect(await admin.request(`/v1/access/keys/${id}`, { method: 'DELETE' })).toMatchObject({
      status: 200,
    });
    expect(await apis[0]?.get(LIST)).toMatchObject({ status: 401 });
    const isRefused = async (): Promise<boolean> => {
      const answers = await Promise.all(apis.map((api) => api.get(LIST)));
      return answers.every(({ status }) => status === 401);
    };
    await eventually('all refuse it', isRefused, REVOKED_WITHIN_MS);
  });

  test('is revoked once, however often that is asked for, and one never made is 404', async () => {
    const { id } = await makeKey(admin, grantsOfReader);
    const revoke = (which: string) =>
      admin.request(`/v1/access/keys/${which}`, { method: 'DELETE' });
    const answers = await Promise.all([1, 2, 3].map(() => revoke(id)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { rows } = await pool.query<{ count: string }>(
      `select count(*) from concordat.audit where line->>'action' = 'key.revoke'
          and line->'target'->>'key' = $1`,
      [id],
    );
    expect(rows[0]?.count).toBe('1');
    for (const unknown of ['01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55', 'x', "a'--"]) {
      const answer = await revoke(encodeURIComponent(unknown));
      expect(problemIn(answer)).toEqual({ status: 404, kind: 'unknown-key' });
    }
  });

  test('is made and revoked with a line in the audit, or not at all', async () => {
    const { id, key } = await makeKey(admin, grantsOfReader, { reason: 'for the audit' });
    await admin.request(`/v1/access/keys/${id}`, { method: 'DELETE' });
    const { rows } = await pool.query<{ row: string }>(
      `select a::text as row from concordat.audit a where a::text like '%' || $1 || '%'`,
      [id],
    );
    const text = rows.map(({ row }) => row).join('\n');
    expect(rows).toHaveLength(2);
    expect(text).toContain('for the audit');
    expect(text).not.toContain(key.slice(-43));

    const before = await pool.query('select from concordat.api_key');
    await pool.query('alter table concordat.audit rename to audit_away');
    const answer = await admin.post('/v1/access/keys', {
      name: 'x',
      grants: [reader],
      reason: 'r',
    });
    await pool.query('alter table concordat.audit_away rename to audit');
    expect(answer.status).toBeGreaterThanOrEqual(500);
    const after = await pool.query('select from concordat.api_key');
    expect(after.rowCount).toBe(before.rowCount);
  });
});

describe('[5] the key of the setting', () => {
  const refusedWith = async (key: string): Promise<string> => {
    const refused = spawnCoordinator({ DATABASE_URL: databaseUrl, CONCORDAT_API_KEY: key });
    expect(await refused.exited).toMatchObject({ code: 1 });
    expect(refused.errors).toMatch(/^CONCORDAT_API_KEY must /m);
    return refused.errors;
  };

  test.each([
    ['too short', 'k3y-of-15-chars'],
    ['a sample value', 'change-me-change-me-change-me'],
    ['an example', 'your-api-key-goes-here-1234'],
    ['a sequence', '0123456789abcdef0123456789abcdef'],
    ['one character over and over', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['with a space, which no header brings', 'a key of many words 1234567'],
  ])('ends the boot if it is %s', async (_what, key) => {
    expect(await refusedWith(key)).not.toContain(key);
  });

  test('without any credential it starts, says what to set, and lets nobody in', async () => {
    const { databaseUrl: fresh } = await databaseFromTemplate();
    const closed = await startCoordinator({ DATABASE_URL: fresh, CONCORDAT_API_KEY: '' });
    expect(closed.errors).toContain('CONCORDAT_API_KEY');
    expect(closed.logText).toContain('nobody can come in');
    const api = new Api(closed.url);
    for (const key of [TEST_API_KEY, 'admin', 'undefined', 'null', '']) {
      const headers = { authorization: `Bearer ${key}` };
      expect(await api.get(LIST, headers)).toMatchObject({ status: 401 });
    }
  });

  test('is not asked for where a key in the table lets in', async () => {
    const { key } = await makeKey(admin, grantsOfReader);
    const keyed = await startCoordinator({ DATABASE_URL: databaseUrl, CONCORDAT_API_KEY: '' });
    expect(keyed.errors).not.toContain('CONCORDAT_API_KEY');
    expect(await new Api(keyed.url, key).get(LIST)).toMatchObject({ status: 200 });
    expect(await new Api(keyed.url).get(LIST)).toMatchObject({ status: 401 });
  });

  test.each([
    [{ CONCORDAT_OIDC_ISSUER: 'http://idp.example.com', CONCORDAT_OIDC_AUDIENCE: 'a' }, 'ISSUER'],
    [{ CONCORDAT_OIDC_ISSUER: 'https://idp.example.com' }, 'AUDIENCE'],
    [{ CONCORDAT_OIDC_AUDIENCE: 'a' }, 'ISSUER'],
    [{ CONCORDAT_TRUSTED_PROXIES: '0.0.0.0/0' }, 'TRUSTED_PROXIES'],
    [{ CONCORDAT_TRUSTED_PROXIES: 'anybody' }, 'TRUSTED_PROXIES'],
    [{ CONCORDAT_PUBLIC_URL: 'https://concordat.example.com/below' }, 'PUBLIC_URL'],
    [{ CONCORDAT_PUBLIC_URL: 'javascript:alert(1)' }, 'PUBLIC_URL'],
  ])('settings that would let in too much end the boot: %j', async (environment, named) => {
    const refused = spawnCoordinator({ DATABASE_URL: databaseUrl, ...environment });
    expect(await refused.exited).toMatchObject({ code: 1 });
    expect(refused.errors).toContain(named);
  });
});

describe('[7] whoever fails too often', () => {
  test('is told to wait, and is in the log; a key that was right before goes on', async () => {
    const limited = await startCoordinator({
      DATABASE_URL: databaseUrl,
      CONCORDAT_TRUSTED_PROXIES: '127.0.0.1',
    });
    const api = new Api(limited.url, null);
    const { key } = await makeKey(new Api(limited.url), grantsOfReader);
    const { key: unused } = await makeKey(new Api(limited.url), grantsOfReader);
    const from = { 'x-forwarded-for': '203.0.113.7' };
    const elsewhere = { 'x-forwarded-for': '203.0.113.8' };
    expect(await api.as(key).get(LIST, from)).toMatchObject({ status: 200 });

    const answers: ApiAnswer[] = [];
    while (answers.at(-1)?.status !== 429 && answers.length < FAILURES_ASKED_MAX) {
      answers.push(await api.as(`ck_wrong-${answers.length}`).get(LIST, from));
    }
    const statuses = answers.map(({ status }) => status);
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    const [last] = answers.slice(-1);
    expect(last && problemIn(last).kind).toBe('too-many-requests');
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);

    // A right guess is not told from a wrong one, neither here nor where one signs in.
    expect(await api.as(unused).get(LIST, from)).toMatchObject({ status: 429 });
    expect(await api.post('/v1/session', { key: unused }, from)).toMatchObject({ status: 429 });
    // But neighbours are let in, and so is everybody else.
    expect(await api.as(key).get(LIST, from)).toMatchObject({ status: 200 });
    expect(await api.as(unused).get(LIST, elsewhere)).toMatchObject({ status: 200 });

    const refused = await eventually('they are in the log', () => {
      const lines = limited.log.filter(({ msg }) => msg === 'a request was refused');
      return lines.length > 20 && lines;
    });
    expect(refused[0]).toMatchObject({ address: '203.0.113.7', method: 'GET', path: LIST });
    expect(limited.logText).not.toContain('ck_wrong');
  });

  test('so is whoever signs in', async () => {
    const limited = await startCoordinator({ DATABASE_URL: databaseUrl });
    const api = new Api(limited.url, null);
    const statuses: number[] = [];
    while (statuses.at(-1) !== 429 && statuses.length < FAILURES_ASKED_MAX) {
      const key = `wrong-${statuses.length}`;
      statuses.push((await api.post('/v1/session', { key })).status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    await eventually('it is in the log', () => limited.logText.includes('a sign-in was refused'));
    expect(limited.logText).not.toContain('wrong-');
  });
});
