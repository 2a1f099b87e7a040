// Signing in through an identity provider: the way there and back, and what becomes of a session
// when the provider thinks otherwise.
import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../http/api.js';
import { Api, problemIn } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { Browser, cookieOf } from './callers.js';
import { AUDIENCE, DASHBOARD, IdentityProvider, signingKey } from './identity-provider.js';

const HOPS_MAX = 10;

const { databaseUrl, pool } = await databaseFromTemplate();
const provider = await IdentityProvider.open();
const keys = [await signingKey('one')];
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_OIDC_ISSUER: provider.issuer,
  CONCORDAT_OIDC_AUDIENCE: AUDIENCE,
  CONCORDAT_OIDC_CLIENT_ID: DASHBOARD.id,
  CONCORDAT_OIDC_CLIENT_SECRET: DASHBOARD.secret,
});
const nobody = new Api(coordinator.url, null);
const CALLBACK = `${coordinator.url}/v1/session/oidc/callback`;

beforeAll(() => {
  provider.start(keys, CALLBACK);
});

const get = (path: string, cookie = ''): Promise<ApiAnswer> =>
  nobody.request(path, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });

/** Where `answer` leads. */
const leadsTo = (answer: ApiAnswer): string => answer.headers.get('location') ?? '';

async function begun(): Promise<{ page: string; cookie: string }> {
  const answer = await get('/v1/session/oidc');
  expect(answer.status).toBe(302);
  const cookie = cookieOf(answer, '__Host-concordat-login').split(';')[0] ?? '';
  return { page: leadsTo(answer), cookie };
}

/** Goes from the provider's page to where it sends the browser back to, as a browser does. */
async function throughProvider(page: string): Promise<string> {
  const jar = new Map<string, string>();
  let at = page;
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    if (at.startsWith(coordinator.url)) return at.slice(coordinator.url.length);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    at = new URL(answer.headers.get('location') ?? '', at).href;
  }
  throw new Error('the provider leads in circles');
}

async function signedIn(): Promise<Browser> {
  const { page, cookie } = await begun();
  const back = await get(await throughProvider(page), cookie);
  return new Browser(nobody, cookieOf(back).split(';')[0] ?? '');
}

describe('[8] through a provider', () => {
  test('one is sent there with PKCE, a state and a nonce, and a cookie that comes back', async () => {
    const answer = await get('/v1/session/oidc');
    const { searchParams } = new URL(leadsTo(answer));
    expect(searchParams.get('code_challenge_method')).toBe('S256');
    expect(searchParams.get('redirect_uri')).toBe(CALLBACK);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(searchParams.get(name)?.length).toBeGreaterThan(20);
    }
    expect(cookieOf(answer, '__Host-concordat-login')).toMatch(
      /; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('one comes back signed in, with the roles that it gives', async () => {
    provider.roles = ['acme:operator', 'auditor'];
    const { page, cookie } = await begun();
    const back = await get(await throughProvider(page), cookie);
    expect(back.status).toBe(302);
    expect(leadsTo(back)).toBe('../../../ui/'); // ours, below whatever prefix we are served
    expect(new URL(leadsTo(back), CALLBACK).href).toBe(new URL('/ui/', CALLBACK).href);
    expect(cookieOf(back)).toMatch(/SameSite=Strict$/);
    expect(cookieOf(back, '__Host-concordat-login')).toContain('Max-Age=0');
    const browser = new Browser(nobody, cookieOf(back).split(';')[0] ?? '');
    expect((await browser.get('/v1/session')).body).toMatchObject({
      kind: 'token',
      id: 'alice',
      name: 'alice',
      grants: [
        { tenant: 'acme', roles: ['operator'] },
        { tenant: '*', roles: ['auditor'] },
      ],
      oidc: true,
    });
  });

  test('a code is of use once, and in the browser that has begun', async () => {
    const mine = await begun();
    const other = await begun();
    const back = await throughProvider(mine.page);
    for (const cookie of ['', other.cookie, '__Host-concordat-login=nonsense']) {
      const answer = await get(back, cookie);
      expect(problemIn(answer)).toEqual({ status: 401, kind: 'unauthenticated' });
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(await get(back, mine.cookie)).toMatchObject({ status: 302 });
    expect(problemIn(await get(back, mine.cookie))).toMatchObject({ status: 401 });
  });

  test.each([
    ['a state that was altered', (url: string) => url.replace(/state=[^&]+/, 'state=forged')],
    ['a code that was altered', (url: string) => url.replace(/code=[^&]+/, 'code=forged')],
    ['another issuer', (url: string) => url.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil')],
    ['an error', (url: string) => url.replace(/code=[^&]+/, 'error=access_denied')],
    ['nothing', (url: string) => url.replace(/\?.*/, '')],
  ])('nobody is signed in with %s', async (_what, altered) => {
    const { page, cookie } = await begun();
    const answer = await get(altered(await throughProvider(page)), cookie);
    expect(problemIn(answer)).toEqual({ status: 401, kind: 'unauthenticated' });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('there is no such way where none is set', async () => {
    const without = await startCoordinator({ DATABASE_URL: databaseUrl });
    for (const path of ['/v1/session/oidc', '/v1/session/oidc/callback?code=x']) {
      const answer = await new Api(without.url, null).request(path, { redirect: 'manual' });
      expect(problemIn(answer)).toEqual({ status: 404, kind: 'no-such-route' });
    }
  });
});

describe('[15] a session of a person whom a provider vouches for', () => {
  const passMinutes = (minutes: number): Promise<unknown> =>
    pool.query(`update concordat.session
                   set confirmed_at = confirmed_at - ${minutes} * interval '1 minute'`);

  test('has the roles that the provider gives, no older than five minutes', async () => {
    provider.roles = ['reader'];
    const browser = await signedIn();
    provider.roles = [];
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 200 });
    await passMinutes(4);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 403 });
    provider.roles = ['reader'];
    await passMinutes(4);
    const asked = await Promise.all([1, 2, 3].map(() => browser.get('/v1/transactions')));
    expect(asked.map(({ status }) => status)).toContain(200);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 200 });
  });

  test('is over when the provider no longer vouches', async () => {
    provider.roles = ['reader'];
    const browser = await signedIn();
    provider.start(keys, CALLBACK); // it has forgotten everybody
    await passMinutes(4);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 401 });
    await passMinutes(-4);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 401 });
  });

  test('does not outlast a provider that is away, and goes on when it is back', async () => {
    provider.roles = ['reader'];
    const browser = await signedIn();
    provider.disappear(true);
    await passMinutes(4);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 200 });
    await passMinutes(1);
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 401 });
    provider.disappear(false);
    await pool.query('update concordat.session set confirming_at = null');
    expect(await browser.get('/v1/transactions')).toMatchObject({ status: 200 });
  });
});
