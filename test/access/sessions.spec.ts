// Sessions of browsers: how they begin, what their cookie allows, and how they end.
import { createHash } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../http/api.js';
import { Api, problemIn } from '../http/api.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { Browser, cookieOf, makeKey, signIn } from './callers.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const coordinator = await startCoordinator({ DATABASE_URL: databaseUrl });
const admin = new Api(coordinator.url);
const nobody = admin.as(null);
const JSON_TYPE = { 'content-type': 'application/json' };
const OURS = { ...JSON_TYPE, origin: coordinator.url };

/** As soon as that, nobody is told anything more. */
const REVOKED_WITHIN_MS = 5_000;

/** A listener to the events of operations, until the file's tests are over. */
async function listening(headers: Record<string, string>) {
  const stop = new AbortController();
  stops.push(stop);
  const response = await fetch(`${coordinator.url}/v1/operations/events`, {
    headers,
    signal: stop.signal,
  });
  const ended = { isSo: false };
  const end = (): void => void (ended.isSo = true);
  const drained = response.body?.pipeTo(new WritableStream()).then(end, end);
  void drained;
  return { status: response.status, ended };
}

const stops: AbortController[] = [];
afterAll(() => {
  for (const stop of stops) stop.abort();
});

const valueOf = (cookie: string): string => /=([^;]*)/.exec(cookie)?.[1] ?? '';
const hashOf = (value: string): Buffer => createHash('sha256').update(value).digest();
const who = async (browser: Browser): Promise<unknown> => (await browser.get('/v1/session')).body;

let browser: Browser;
let key: { id: string; key: string };
beforeEach(async () => {
  key = await makeKey(admin, [{ tenant: '*', roles: ['reader', 'admin'] }]);
  browser = await signIn(nobody, key.key);
});

describe('[8] a session', () => {
  test('has a cookie that no script reads, no other host sets, and no other site sends', async () => {
    const answer = await nobody.post('/v1/session', { key: key.key }, OURS);
    expect(answer.status).toBe(201);
    expect(cookieOf(answer)).toMatch(
      /^__Host-concordat=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(answer.text).not.toContain(valueOf(cookieOf(answer)));
  });

  test('says who has signed in, and what that permits', async () => {
    expect(await who(browser)).toMatchObject({
      kind: 'key',
      id: key.id,
      permissions: expect.arrayContaining([{ permission: 'read', tenants: ['*'] }]),
      expiresAt: expect.stringMatching(/Z$/),
      oidc: false,
    });
    expect((await nobody.get('/v1/session')).body).toEqual({ oidc: false });
  });

  test('is kept as a hash', async () => {
    const id = valueOf(browser.cookie);
    const { rows } = await pool.query<{ row: string }>(
      'select s::text as row from concordat.session s where hash = $1',
      [hashOf(id)],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain(id);
  });

  test('has a new id at each login, and never one that was sent', async () => {
    const planted = '__Host-concordat=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const first = await nobody.post('/v1/session', { key: key.key }, { ...OURS, cookie: planted });
    const second = await nobody.post(
      '/v1/session',
      { key: key.key },
      { ...OURS, cookie: browser.cookie },
    );
    const ids = [planted, browser.cookie, cookieOf(first), cookieOf(second)].map(valueOf);
    expect(new Set(ids).size).toBe(4);
    expect(await who(new Browser(nobody, planted))).toEqual({ oidc: false });
    expect(await who(browser)).toEqual({ oidc: false }); // the one before is over
  });

  test('is over at the server once one has signed out, whatever the browser keeps', async () => {
    const answer = await browser.send('DELETE', '/v1/session');
    expect(answer.status).toBe(204);
    expect(cookieOf(answer)).toMatch(/^__Host-concordat=; Max-Age=0; Path=\//);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 401 });
  });

  test.each([
    ['half an hour without its person', `seen_at = now() - interval '30 minutes'`],
    ['twelve hours with them', `begun_at = now() - interval '12 hours'`],
  ])('is over after %s', async (_what, change) => {
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 200 });
    const hash = hashOf(valueOf(browser.cookie));
    await pool.query(`update concordat.session set ${change} where hash = $1`, [hash]);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 401 });
  });

  test('is kept alive by its person, and not by a page that asks on its own', async () => {
    const hash = hashOf(valueOf(browser.cookie));
    const seen = async (): Promise<boolean> => {
      const { rows } = await pool.query<{ seen: boolean }>(
        `select seen_at > now() - interval '1 minute' as seen from concordat.session
          where hash = $1`,
        [hash],
      );
      return rows[0]?.seen === true;
    };
    const idle = `update concordat.session set seen_at = now() - interval '29 minutes'
                   where hash = $1`;
    await pool.query(idle, [hash]);
    await browser.get('/v1/transactions', { 'concordat-background': 'true' });
    expect(await seen()).toBe(false);
    await browser.get('/v1/transactions');
    expect(await seen()).toBe(true);
  });

  test('is over with its key', async () => {
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 200 });
    await admin.request(`/v1/access/keys/${key.id}`, { method: 'DELETE' });
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 401 });
  });

  test('[4] and with it every stream of events that it listens to', async () => {
    const { status, ended } = await listening({ cookie: browser.cookie });
    const { status: other, ended: otherEnded } = await listening({
      authorization: `Bearer ${TEST_API_KEY}`,
    });
    expect(status).toBe(200);
    expect(other).toBe(200);
    await admin.request(`/v1/access/keys/${key.id}`, { method: 'DELETE' });
    await eventually('its stream has ended', () => ended.isSo, REVOKED_WITHIN_MS);
    expect(otherEnded.isSo).toBe(false);
  });

  test('[15] has the grants that its key has at each request', async () => {
    await pool.query(`update concordat.api_key set grants = '[]' where id = $1`, [key.id]);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 403 });
  });

  test("is over with the setting's key that it was begun with", async () => {
    const mine = await signIn(nobody, TEST_API_KEY);
    expect(await who(mine)).toMatchObject({ kind: 'setting' });
    const rekeyed = await startCoordinator({
      DATABASE_URL: databaseUrl,
      CONCORDAT_API_KEY: 'another-key-of-the-setting-8842',
    });
    const there = new Browser(new Api(rekeyed.url, null), mine.cookie);
    expect(await who(there)).toEqual({ oidc: false });
    expect(await who(new Browser(new Api(rekeyed.url, null), browser.cookie))).toMatchObject({
      kind: 'key',
    });
  });

  test('[7] that nobody has is looked for a few hundred times, and the others go on', async () => {
    const crowded = await startCoordinator({ DATABASE_URL: databaseUrl });
    const there = new Api(crowded.url, null);
    const mine = new Browser(there, browser.cookie);
    expect(await mine.get('/v1/transactions')).toMatchObject({ status: 200 });
    const statuses = new Set<number>();
    for (let n = 0; n < 100 && !statuses.has(429); n += 1) {
      const asked = Array.from({ length: 20 }, (_, m) => {
        const cookie = `__Host-concordat=${String(n * 20 + m).padStart(43, 'x')}`;
        return new Browser(there, cookie).get('/v1/transactions');
      });
      for (const { status } of await Promise.all(asked)) statuses.add(status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
    expect(await mine.get('/v1/transactions')).toMatchObject({ status: 200 });
    const next = await signIn(there, key.key);
    expect(await next.get('/v1/transactions')).toMatchObject({ status: 200 });
  });

  test('does not begin with a wrong key, and sets no cookie', async () => {
    const answer = await nobody.post('/v1/session', { key: `${key.key}x` }, OURS);
    expect(problemIn(answer)).toEqual({ status: 401, kind: 'unauthenticated' });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('[45] with a session, what changes something', () => {
  const body = JSON.stringify({
    name: 'x',
    grants: [{ tenant: '*', roles: ['reader'] }],
    reason: 'r',
  });
  const post = (headers: Record<string, string>): Promise<ApiAnswer> =>
    nobody.request('/v1/access/keys', {
      method: 'POST',
      body,
      headers: { cookie: browser.cookie, ...headers },
    });

  test('must come from a page of ours, as JSON', async () => {
    expect(await post(OURS)).toMatchObject({ status: 201 });
    expect(await post({ ...JSON_TYPE, 'sec-fetch-site': 'same-origin' })).toMatchObject({
      status: 201,
    });
  });

  test.each<[string, Record<string, string>]>([
    ['another site', { ...JSON_TYPE, origin: 'https://evil.example.com' }],
    ['another port of this machine', { ...JSON_TYPE, origin: 'http://127.0.0.1:1' }],
    ['the same host by HTTPS', { ...JSON_TYPE, origin: coordinator.url.replace('http', 'https') }],
    ['no origin (null)', { ...JSON_TYPE, origin: 'null' }],
    ['nobody who says so', JSON_TYPE],
    ['the same site, another origin', { ...JSON_TYPE, 'sec-fetch-site': 'same-site' }],
    [
      'one that forges the other sign',
      { ...JSON_TYPE, origin: 'https://e', 'sec-fetch-site': 'same-origin' },
    ],
  ])('is refused from %s', async (_what, headers) => {
    const before = await pool.query('select from concordat.api_key');
    expect(problemIn(await post(headers))).toEqual({ status: 403, kind: 'cross-site' });
    expect((await pool.query('select from concordat.api_key')).rowCount).toBe(before.rowCount);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'is refused as a form sends it: %s',
    async (type) => {
      const answer = await post({ origin: coordinator.url, 'content-type': type });
      expect(problemIn(answer)).toEqual({ status: 415, kind: 'unsupported-media-type' });
    },
  );

  test('is refused without a body from another site, too', async () => {
    const headers = { cookie: browser.cookie, origin: 'https://evil.example.com' };
    const answer = await nobody.request('/v1/session', { method: 'DELETE', headers });
    expect(problemIn(answer)).toEqual({ status: 403, kind: 'cross-site' });
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 200 });
  });

  test('nobody is signed in by another site', async () => {
    const evil = { ...JSON_TYPE, origin: 'https://evil.example.com' };
    const answer = await nobody.post('/v1/session', { key: key.key }, evil);
    expect(problemIn(answer)).toEqual({ status: 403, kind: 'cross-site' });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('a key in the header needs none of this: no page sends that by accident', async () => {
    const evil = { origin: 'https://evil.example.com' };
    expect(await admin.post('/v1/access/keys', JSON.parse(body), evil)).toMatchObject({
      status: 201,
    });
  });
});
