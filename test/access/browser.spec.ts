// What a real browser makes of the cookie and of the headers: Chromium, against a running system.
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumProgram } from '../../scripts/lib/chromium.mjs';
import { TEST_API_KEY } from '../support/api-key.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';

const CACHE = path.resolve('node_modules/.cache/chromium');
const START_TIMEOUT_MS = 120_000;

const { databaseUrl } = await databaseFromTemplate();
const coordinator = await startCoordinator({ DATABASE_URL: databaseUrl });

let browser: Browser;
beforeAll(async () => {
  const { executablePath, args, env } = await chromiumProgram(CACHE);
  const known = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  browser = await chromium.launch({
    executablePath,
    args: [...args],
    env: Object.fromEntries(known),
  });
}, START_TIMEOUT_MS);
afterAll(() => browser.close());

/** In a page of ours: signs in, and asks who that is. */
const signInAndAsk = async (key: string) => {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ key });
  const begun = await fetch('/v1/session', { method: 'POST', headers, body });
  const who = await fetch('/v1/session');
  const ended = await fetch('/v1/session', { method: 'DELETE', headers });
  const after = await fetch('/v1/session');
  return {
    statuses: [begun.status, ended.status],
    who: (await who.json()) as unknown,
    after: (await after.json()) as unknown,
    seen: String(Reflect.get(Reflect.get(globalThis, 'document') as object, 'cookie')),
  };
};

test('[8] [45] a browser keeps the cookie on this machine without HTTPS, and shows it to no script', async () => {
  const page = await browser.newPage({ bypassCSP: true }); // this page is no page, and may not ask
  await page.goto(`${coordinator.url}/health/live`);
  expect(await page.evaluate(signInAndAsk, TEST_API_KEY)).toMatchObject({
    statuses: [201, 204],
    who: { kind: 'setting' },
    after: { oidc: false },
    seen: '',
  });
  await page.close();
});

test('[44] under the rules that it is sent with, the page that shows the API works', async () => {
  const extraHTTPHeaders = { authorization: `Bearer ${TEST_API_KEY}` };
  const page = await browser.newPage({ extraHTTPHeaders });
  const blocked: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') blocked.push(message.text());
  });
  await page.goto(`${coordinator.url}/docs`);
  await page.getByText('Begin a global transaction').click();
  await page.getByText('Idempotency-Key').first().waitFor();
  // Some styles of its own stand within it, and are not applied; no script does.
  expect(blocked.filter((text) => !text.startsWith('Applying inline style'))).toEqual([]);
  await page.close();
});
