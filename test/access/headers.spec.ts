// What browsers are told with every answer.
import { describe, expect, test } from 'vitest';
import { Api } from '../http/api.js';
import { SHIPPED, startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';

const { databaseUrl } = await databaseFromTemplate();
const environment = { DATABASE_URL: databaseUrl, CONCORDAT_TRUSTED_PROXIES: '127.0.0.1' };
const coordinator = await startCoordinator(environment, SHIPPED);
const api = new Api(coordinator.url);
/** Pages, of whoever serves them. */
const PAGES = ['/ui/', '/docs', '/docs/', '/docs/index.html'];

describe('[44] a page', () => {
  test.each(PAGES)('%s runs nothing that stands in it, and is framed by nobody', async (page) => {
    const { headers } = await api.get(page);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/unsafe-|\*|https?:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });

  test('has another nonce each time', async () => {
    const policies = await Promise.all(PAGES.map((page) => api.get(page)));
    const nonces = policies.map(
      ({ headers }) =>
        /style-src 'self' 'nonce-([^']{20,})'/.exec(
          headers.get('content-security-policy') ?? '',
        )?.[1],
    );
    expect(nonces).not.toContain(undefined);
    expect(new Set(nonces).size).toBe(PAGES.length);
  });

  test('tells a browser to stay with HTTPS, where it came by that, and not elsewhere', async () => {
    const https = await api.get('/docs', { 'x-forwarded-proto': 'https' });
    expect(https.headers.get('strict-transport-security')).toMatch(/^max-age=31536000/);
    const http = await api.get('/docs');
    expect(http.headers.get('strict-transport-security')).toBeNull();
    const proxied = await startCoordinator({
      DATABASE_URL: databaseUrl,
      CONCORDAT_PUBLIC_URL: 'https://concordat.example.com',
    });
    const told = await new Api(proxied.url).get('/docs');
    expect(told.headers.get('strict-transport-security')).toMatch(/^max-age=31536000/);
  });
});

describe('[36] no cache keeps what the API says', () => {
  test.each([
    ['/v1/transactions', 200],
    ['/v1/session', 200],
    ['/v1/access/keys', 200],
    ['/v1/transactions/never-heard-of', 404],
    ['/v1/transactions?limit=x', 400],
    ['/v1/nowhere', 404],
  ])('%s', async (path, status) => {
    const answer = await api.get(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const refused = await api.as(null).get(path);
    expect(refused.headers.get('cache-control')).toBe('no-store');
  });
});

describe('[47] no page of another origin reads anything', () => {
  const origin = 'https://evil.example.com';

  test.each(['/v1/transactions', '/v1/session', '/health/live', '/docs', '/metrics'])(
    '%s allows no origin',
    async (path) => {
      const answer = await api.get(path, { origin });
      expect(answer.status).toBe(200);
      const names = [...answer.headers.keys()];
      expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(answer.text).not.toContain(origin);
    },
  );

  test('and none is told that it might', async () => {
    for (const caller of [api, api.as(null)]) {
      const answer = await caller.request('/v1/transactions', {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      const names = [...answer.headers.keys()];
      expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});
