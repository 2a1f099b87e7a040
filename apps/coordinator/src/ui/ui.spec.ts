import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { guardBrowsers } from '../http/headers.js';
import { serveUi } from './ui.js';

const SCRIPT = `console.log('${'long '.repeat(400)}');`;

let dir: string;
let server: FastifyInstance;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'concordat-ui-'));
  server = fastify();
  guardBrowsers(server, undefined);
});

afterEach(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

function built(): void {
  mkdirSync(path.join(dir, 'dist/assets'), { recursive: true });
  writeFileSync(path.join(dir, 'dist/index.html'), '<meta content="%CSP_NONCE%" />');
  writeFileSync(path.join(dir, 'dist/assets/index-4f2a.js'), SCRIPT);
  writeFileSync(path.join(dir, 'dist/favicon.svg'), '<svg></svg>');
  writeFileSync(path.join(dir, 'dist/notes.txt'), 'not of the page');
  writeFileSync(path.join(dir, 'secret.js'), 'of the coordinator');
  serveUi(server, path.join(dir, 'dist'));
}

describe('the page', () => {
  test('bears the nonce that its headers allow, and another in each answer', async () => {
    built();
    const nonces = [];
    for (const _ of [1, 2]) {
      const { body, headers } = await server.inject('/ui/');
      const nonce = /content="(?<nonce>[^"]+)"/.exec(body)?.groups?.['nonce'] ?? '';
      expect(headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(headers['cache-control']).toBe('no-store');
      nonces.push(nonce);
    }
    expect(new Set(nonces).size).toBe(2);
  });

  test('is found without the last slash', async () => {
    built();
    const { statusCode, headers } = await server.inject('/ui');
    expect([statusCode, headers['location']]).toEqual([308, 'ui/']);
  });

  test('says so where it was not built', async () => {
    serveUi(server, path.join(dir, 'dist'));
    const { statusCode, body } = await server.inject('/ui/');
    expect(statusCode).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ detail: expect.stringContaining('not built') });
  });
});

describe('its files', () => {
  test('may be kept for ever where their names bear a hash', async () => {
    built();
    const script = await server.inject('/ui/assets/index-4f2a.js');
    expect(script.headers['content-type']).toMatch('text/javascript');
    expect(script.headers['cache-control']).toMatch('immutable');
    expect(script.body).toBe(SCRIPT);
    const icon = await server.inject('/ui/favicon.svg');
    expect(icon.headers['cache-control']).not.toMatch('immutable');
  });

  test('are compressed for whoever takes that', async () => {
    built();
    const { headers, rawPayload } = await server.inject({
      url: '/ui/assets/index-4f2a.js',
      headers: { 'accept-encoding': 'br, gzip' },
    });
    expect(headers['content-encoding']).toBe('gzip');
    expect(headers['vary']).toBe('accept-encoding');
    expect(gunzipSync(rawPayload).toString()).toBe(SCRIPT);
  });

  test.each([
    '/ui/../secret.js',
    '/ui/..%2fsecret.js',
    '/ui/%2e%2e/secret.js',
    '/ui/assets/..%2f..%2fsecret.js',
    '/ui//etc/passwd',
    '/ui/notes.txt',
    '/ui/index.html',
    '/ui/__proto__',
  ])('are no others: %s', async (url) => {
    built();
    const { statusCode, body } = await server.inject(url);
    expect(statusCode).toBe(404);
    expect(body).not.toContain('of the coordinator');
  });
});
