// The page among enemies: whatever a stranger has written is text and never markup (item 46 of
// security.md), the policy of the page permits no inline script or style (44), the session cookie
// is the browser's alone and dies at the server (8), and another tenant's transaction was never
// heard of (18).
//
// H1. What is planted comes from real transactions: names, ids, payloads, errors that participants
//     answer, names of branches in a database, queries of sessions that wait.
// H2. Each of it would set `globalThis.hurt`, open a dialog, or be refused by the policy and named
//     in the console. None of the three may be.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { DESKTOP, launch, PHONE, Visitor } from './support/dashboard/browser.js';
import { World } from './support/dashboard/world.js';

const START_TIMEOUT_MS = 300_000;
/** Of a test that looks at page after page: on a machine that is very busy each takes seconds. */
const TOUR_TIMEOUT_MS = 600_000;
const IMAGE = '<img src=x onerror="globalThis.hurt=1;alert(1)">';
const SCRIPT = '"><script>globalThis.hurt=1</script>';
const LINK = 'javascript:globalThis.hurt=1';

const participants = await ScriptedParticipants.open();
let browser: Browser;
let world: World;
let gtid: string;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), World.open(inject('databaseUrl'))]);
  gtid = await plant();
}, START_TIMEOUT_MS);

afterAll(async () => {
  await browser.close();
  await world.close();
});

/** H1. @returns the transaction in which most of it is */
async function plant(): Promise<string> {
  const evil = participants.add().answers('prepare', { status: 503, body: { reason: IMAGE } });
  evil.answers('inspect', { status: 200, body: { state: 'prepared', evidence: SCRIPT } });
  const payload = { note: IMAGE, link: LINK, [SCRIPT]: SCRIPT };
  const planted = await world.ask({
    protocol: '2pc',
    name: IMAGE,
    deadlineMs: 600_000,
    metadata: { [SCRIPT]: IMAGE, site: LINK },
    branches: [
      { id: 'evil', participant: { url: evil.url }, payload },
      { id: 'good', participant: 'beta', payload: { account: '9', amount: 1 } },
    ],
  });
  await world.api.until(planted, 'stuck', ({ stuck }) => stuck);
  await world.strand({ name: SCRIPT });
  await world.block(1, [IMAGE]);
  await world.prepare(IMAGE.slice(0, 150), '43');
  const reason = `${IMAGE} ${LINK}`;
  await world.api.post(`/v1/operations/transactions/${planted}/pause`, { reason });
  await world.api.post('/v1/operations/participants/beta/pause', { reason });
  await world.api.post('/v1/operations/views', { name: IMAGE, query: { name: IMAGE } });
  const grants = [{ tenant: '*', roles: ['reader'] }];
  await world.api.post('/v1/access/keys', { name: IMAGE, grants, reason });
  const condition = { watch: 'blocked-sessions', atLeast: 1 };
  const url = 'http://127.0.0.1:9/<script>';
  await world.api.post('/v1/operations/alerts', { name: IMAGE, condition, url, reason });
  const filter = { name: IMAGE };
  await world.api.post('/v1/operations/bulk', { action: 'pause', filter, reason });
  return planted;
}

const HURT = '"hurt" in globalThis';
const MARKUP = `document.querySelectorAll(
  'img[src="x"], a[href^="javascript:" i], main script, [onerror]').length`;

const tour = { timeout: TOUR_TIMEOUT_MS };

test('[46] nothing that others have written is executed, or becomes markup', tour, async () => {
  const everybody = [world.keys.maria, world.keys.admin];
  const pages: readonly (readonly [string, string])[] = [
    ['/', '<img src=x'],
    ['/transactions', '<img src=x'],
    [`/transactions/${gtid}`, '<img src=x'],
    ['/in-doubt', '<img src=x'],
    ['/participants', '<img src=x'],
    ['/audit', '<img src=x'],
    ['/bulk', '<img src=x'],
    ['/alerts', '<img src=x'],
    ['/access', ''],
    ['/approvals', ''],
    ['/transactions?name=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E', '<img src=x'],
    ['/transactions/%3Cscript%3Ealert(1)%3C%2Fscript%3E', ''],
  ];
  for (const key of everybody) {
    const visitor = await Visitor.signIn(browser, world.coordinator.url, key);
    for (const [hash, planted] of pages) {
      await visitor.open(hash);
      if (planted !== '') await visitor.page.getByText(planted).first().waitFor();
      expect(await visitor.page.evaluate<boolean>(HURT), hash).toBe(false);
      expect(await visitor.page.evaluate<number>(MARKUP), hash).toBe(0);
    }
    // that this is no id is an answer of 400, and the browser says so
    expect(visitor.forgive().filter((line) => !/400 \(Bad Request\)/.test(line))).toEqual([]);
    await visitor.close();
  }
});

test('[46] what is folded away, and what is copied, is text too', async () => {
  const maria = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria);
  await maria.go(`/transactions/${gtid}`);
  await maria.page.evaluate(
    'document.querySelectorAll("details").forEach((one) => (one.open = true))',
  );
  for (const tab of [/^Journal/, /^Payloads/, /^What people did/]) {
    await maria.page.getByRole('tab', { name: tab }).click();
    const shown = maria.page.getByRole('tabpanel', { name: tab });
    await shown.getByText(/./).first().waitFor();
    if (/Payloads/.test(tab.source)) await shown.getByText('<img src=x').first().waitFor();
    expect(await maria.page.evaluate<boolean>(HURT)).toBe(false);
    expect(await maria.page.evaluate<number>(MARKUP)).toBe(0);
  }
  maria.expectNoComplaint();
  await maria.close();
});

const BEYOND = 'document.documentElement.scrollWidth - innerWidth';

/** How much wider tables are than the place that they have: then one has to scroll to see all. */
const TOO_WIDE = `Math.max(0, ...[...document.querySelectorAll('main table')]
  .map((table) => table.scrollWidth - table.parentElement.clientWidth))`;

describe.each([
  ['phone', PHONE],
  ['desktop', DESKTOP],
])('on a %s', (_, viewport) => {
  test(
    'names as long as they may be, of one word each, are in sight as a whole',
    tour,
    async () => {
      const long = await plantLong();
      const { url } = world.coordinator;
      const maria = await Visitor.signIn(browser, url, world.keys.maria, { viewport });
      const { page } = maria;
      for (const [hash, planted] of [
        ['/', 'xxxx'],
        ['/transactions', 'nnnn'],
        [`/transactions/${long}`, 'kkkk'],
        ['/audit', 'rrrr'],
      ] as const) {
        await maria.go(hash);
        await page.getByRole('main').getByText(planted).first().waitFor();
        const beyond = () => page.evaluate<number>(BEYOND);
        await expect.poll(beyond, { message: `pixels beyond the edge: ${hash}` }).toBe(0);
        const tooWide = () => page.evaluate<number>(TOO_WIDE);
        await expect.poll(tooWide, { message: `pixels of a table: ${hash}` }).toBe(0);
      }
      maria.expectNoComplaint();
      await maria.close();
    },
  );
});

/** @returns its gtid */
async function plantLong(): Promise<string> {
  const wide = participants.add().answers('prepare', { status: 503, body: 'x'.repeat(400) });
  const gtid = await world.ask({
    protocol: '2pc',
    name: 'n'.repeat(128),
    deadlineMs: 600_000,
    metadata: { ['k'.repeat(64)]: 'v'.repeat(256) },
    branches: [
      { id: 'b'.repeat(64), participant: { url: wide.url }, payload: { text: 'p'.repeat(400) } },
      { id: 'other', participant: { url: participants.add().url } },
    ],
  });
  await world.api.until(gtid, 'stuck', ({ stuck }) => stuck);
  const reason = 'r'.repeat(200);
  await world.api.post(`/v1/operations/transactions/${gtid}/retry`, { reason });
  return gtid;
}

test('[44] the policy of the page has no unsafe-inline, and a nonce that is new each time', async () => {
  const url = `${world.coordinator.url}/ui/`;
  const policies = await Promise.all(
    [1, 2].map(async () => (await fetch(url)).headers.get('content-security-policy') ?? ''),
  );
  for (const policy of policies) {
    expect(policy).toMatch(/default-src /);
    expect(policy).not.toMatch(/unsafe-(inline|eval|hashes)/);
    expect(policy).toMatch(/frame-ancestors 'none'/);
    expect(policy).toMatch(/'nonce-[^']{16,}'/);
  }
  expect(policies[0]).not.toBe(policies[1]);
});

test('[44] an inline script that somebody gets into the page is not run', async () => {
  const maria = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria);
  await maria.page.evaluate(`(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.hurt = 1';
    document.body.append(script);
    const holder = document.createElement('div');
    holder.innerHTML = '<img src=x onerror="globalThis.hurt=1">';
    document.body.append(holder);
  })()`);
  await expect.poll(() => maria.complaintsNow().join('\n')).toMatch(/Content Security Policy/);
  expect(await maria.page.evaluate<boolean>(HURT)).toBe(false);
  maria.forgive();
  await maria.close();
});

test('[8] the cookie is the browser’s alone, and dies at the server when one signs out', async () => {
  const maria = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria);
  const [cookie, ...others] = await maria.context.cookies();
  expect(others).toEqual([]);
  expect(cookie).toMatchObject({ httpOnly: true, secure: true, path: '/' });
  expect(cookie?.name).toMatch(/^__Host-/);
  expect(await maria.page.evaluate<string>('document.cookie')).toBe('');
  expect(
    await maria.page.evaluate<number>('localStorage.length + sessionStorage.length'),
  ).toBeLessThan(3);
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  const ask = () => world.api.as(null).get('/v1/operations/overview', headers);
  expect((await ask()).status).toBe(200);
  await maria.page.getByRole('button', { name: /^You, and the colours/ }).click();
  await maria.page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
  await maria.page.getByLabel('API key').waitFor();
  expect((await ask()).status, 'whoever has kept the cookie').toBe(401);
  expect(maria.forgive().filter((line) => !/401/.test(line))).toEqual([]);
  await maria.close();
});

test('[18] another tenant’s transaction was never heard of', async () => {
  const acme = await Visitor.signIn(browser, world.coordinator.url, world.keys.acme);
  await acme.open(`/transactions/${gtid}`);
  await acme.page.getByText('No such transaction is known').waitFor();
  await acme.open('/transactions');
  await acme.page.getByText(/^There is no transaction yet/).waitFor();
  expect(await acme.page.getByText('<img src=x').count()).toBe(0);
  expect(acme.forgive().filter((line) => !/40[34] \(/.test(line))).toEqual([]);
  await acme.close();
});
