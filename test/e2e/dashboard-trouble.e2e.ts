// The page when what it depends on fails: a coordinator that stands still or is gone, an answer
// that is lost, a session that ends, a database that cannot be asked. What is old is shown as old,
// what is partial as partial, and what is of another transaction is not shown at all.
//
// F1. Every fault is real, and proved: a process that is stopped, a port that nobody listens at, a
//     key that is revoked. Where an answer has to be late or lost, the browser holds it back after
//     the coordinator has given it.
// F2. But for one: what the coordinator says of the first 20,000 of more (test/operations) is said
//     in its place.
import type { Browser, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { auditListSchema, participantListSchema } from '@concordat/wire/operations';
import { makeKey } from '../access/callers.js';
import { eventually } from '../support/eventually.js';
import { launch, Visitor } from './support/dashboard/browser.js';
import { Predicaments } from './support/dashboard/predicaments.js';
import { World } from './support/dashboard/world.js';

const START_TIMEOUT_MS = 300_000;
/** A page gives up a question after 20 s, and a slow machine needs time of its own. */
const NOTICE_TIMEOUT_MS = 100_000;
/** Nobody listens there. */
const LOST = 'postgres://nobody@127.0.0.1:1/nothing';
const reason = 'it was agreed upon in the morning';

let browser: Browser;
let world: World;
let predicaments: Predicaments;

beforeAll(async () => {
  [browser, world] = await Promise.all([
    launch(),
    World.open(inject('databaseUrl'), { 'lost-db': { url: LOST } }),
  ]);
  predicaments = await Predicaments.open(world);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await browser.close();
  await world.close();
});

const come = (): Promise<Visitor> =>
  Visitor.signIn(browser, world.coordinator.url, world.keys.maria);

test('what could not be asked is nowhere taken for nothing', async () => {
  await eventually('the database is known not to answer', async () => {
    const { body } = await world.api.get('/v1/operations/participants');
    const { items } = participantListSchema.parse(body);
    return items.find(({ name }) => name === 'lost-db')?.resourceManager?.reachable === false;
  });
  const maria = await come();
  const { page } = maria;
  const main = page.getByRole('main');
  await main.getByText('This is not everything.').waitFor();
  await main.getByText('Nobody waits, as far as could be asked').waitFor();
  await main.getByText('Nothing is stuck, as far as could be asked').first().waitFor();
  await getStuck();
  await main.getByText('No session is blocked, as far as could be asked.').waitFor();
  expect(await main.getByText('Nobody waits', { exact: true }).count()).toBe(0);

  await maria.go('/participants');
  await main.getByText('lost-db does not answer as it should.').waitFor();
  const row = page.locator('[data-row=lost-db]');
  await row.getByText('does not answer', { exact: true }).waitFor();

  await maria.go('/transactions?harm=blocking');
  await main.getByText('Nothing matches, as far as could be asked').waitFor();
  maria.expectNoComplaint();
  await maria.close();
});

/** As stuck as a transaction is after three failures. */
async function getStuck(): Promise<void> {
  const failing = predicaments.add().answers('commit', { status: 503 });
  const retry = { firstDelayMs: 100, delayMaxMs: 600_000 };
  const branches = [
    predicaments.branch('failing', failing, { retry }),
    predicaments.branch('other'),
  ];
  const gtid = await world.ask({ protocol: '2pc', name: 'booking', branches });
  await world.api.until(gtid, 'stuck', ({ stuck }) => stuck);
}

test('a page that has looked through some of them only does not say that nothing matches', async () => {
  const maria = await come();
  const cut = { what: 'older transactions', reason: 'This page has looked through some.' };
  const json = { items: [], cursor: 'there', missing: [cut] }; // F2
  await maria.page.route('**/v1/operations/transactions?*', (route) => route.fulfill({ json }));
  await maria.go('/transactions?name=seldom');
  await maria.page.getByText('Nothing matches so far').waitFor();
  expect(await maria.page.getByText('Nothing matches', { exact: true }).count()).toBe(0);
  await maria.page.getByRole('button', { name: 'Next page' }).click();
  await maria.page.waitForURL(/cursor=there/);
  maria.expectNoComplaint();
  await maria.close();
});

test('from one transaction to another nothing is shown of the first', async () => {
  const first = await predicaments.stuckAt('2pc', 'commit');
  const second = await predicaments.stuckAt('2pc', 'prepare');
  const maria = await come();
  const { page } = maria;
  await maria.go(`/transactions/${first.gtid}`);
  const verdict = page.getByRole('region', { name: 'The verdict' });
  await verdict
    .getByText(/decision is COMMIT/)
    .first()
    .waitFor();

  const held = Promise.withResolvers<undefined>();
  await page.route(`**/transactions/${second.gtid}/truth`, async (route) => {
    await held.promise; // F1
    await route.continue();
  });
  await page.getByRole('textbox', { name: /^Go to a transaction/ }).fill(second.gtid);
  await page.keyboard.press('Enter');
  await page.getByRole('main').getByText(second.gtid).first().waitFor();
  await verdict.getByText('Asking every branch what is true').waitFor();
  expect(await verdict.getByText(/COMMIT/).count()).toBe(0);
  await page.locator('[data-branch=there]').getByText('not asked yet', { exact: true }).waitFor();
  held.resolve(undefined);
  await verdict.getByText('Nothing is decided').first().waitFor();
  maria.expectNoComplaint();
  await maria.close();
});

test('an act whose answer is lost is in doubt, and never said to have failed', async () => {
  const { gtid, there } = await predicaments.stuckAt('2pc', 'commit');
  there.answers('commit', { status: 200 });
  const maria = await come();
  const { page } = maria;
  await maria.go(`/transactions/${gtid}`);
  await page.route(`**/transactions/${gtid}/retry`, loseIfDone);
  await page.getByRole('button', { name: 'Retry now', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: 'Retry now', exact: true }).click();
  await dialog.getByText('Whether it was done is not known.').waitFor();
  expect(await dialog.getByText('nothing was done yet').count()).toBe(0);
  expect((await world.api.untilEnded(gtid)).outcome, 'it was done').toBe('committed');
  const { body } = await world.api.get(`/v1/operations/audit?gtid=${gtid}`);
  expect(auditListSchema.parse(body).items.map(({ action }) => action)).toEqual([
    'transaction.retry',
  ]);
  // 409: the dialog is open still, and the page would prove that it can be done again
  expect(maria.forgive().filter((line) => !/net::ERR_|409 \(/.test(line))).toEqual([]);
  await maria.close();
});

/** F1. The proof passes; the answer to the act itself is lost on its way. */
async function loseIfDone(route: Route): Promise<void> {
  const { dryRun } = route.request().postDataJSON() as { readonly dryRun: boolean };
  if (dryRun) return route.continue();
  await route.fetch();
  return route.abort('connectionreset');
}

test('whoever signs in after another is shown nothing that only the other was told', async () => {
  const { gtid } = await predicaments.stuckAt('2pc', 'commit', { request: { name: 'private' } });
  const { id, key } = await makeKey(world.api, [{ tenant: '*', roles: ['reader'] }]);
  const next = await makeKey(world.api, [{ tenant: 'acme', roles: ['reader'] }]);
  const visitor = await Visitor.signIn(browser, world.coordinator.url, key);
  const { page } = visitor;
  await visitor.go('/transactions?name=private');
  await page.locator(`[data-row="${gtid}"]`).waitFor();
  expect((await world.api.request(`/v1/access/keys/${id}`, { method: 'DELETE' })).status).toBe(200);
  await page.getByText('Your session has ended.').waitFor();

  const { promise: isTold, resolve: tell } = Promise.withResolvers<void>();
  await page.route('**/v1/operations/transactions?*', async (route) => {
    await isTold;
    await route.continue();
  });
  await visitor.enter(next.key);
  await page.getByRole('heading', { level: 1, name: 'Transactions', exact: true }).waitFor();
  await page
    .getByText(/^Asking for /)
    .first()
    .waitFor();
  expect(await page.getByText(gtid).count(), 'before the answer').toBe(0);
  tell();
  await page
    .getByText(/^Nothing matches|^There is no transaction/)
    .first()
    .waitFor();
  expect(await page.getByText(gtid).count(), 'after it').toBe(0);
  expect(visitor.forgive().filter((line) => !/401/.test(line))).toEqual([]);
  await visitor.close();
});

test('a session that ends says so, and leads back to the same page', async () => {
  const { id, key } = await makeKey(world.api, [{ tenant: '*', roles: ['reader'] }], {
    name: 'visitor',
  });
  const visitor = await Visitor.signIn(browser, world.coordinator.url, key);
  const { page } = visitor;
  await visitor.go('/transactions?protocol=tcc');
  const { status } = await world.api.request(`/v1/access/keys/${id}`, { method: 'DELETE' });
  expect(status).toBe(200);
  await page.getByText('Your session has ended.').waitFor();
  await visitor.enter(world.keys.maria);
  await page.getByRole('heading', { level: 1, name: 'Transactions', exact: true }).waitFor();
  expect(page.url()).toContain('protocol=tcc');
  await page.getByRole('button', { name: /^You, and the colours/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('API key').waitFor();
  expect(await page.getByText('Your session has ended.').count(), 'one has left oneself').toBe(0);
  expect(visitor.forgive().filter((line) => !/401/.test(line))).toEqual([]);
  await visitor.close();
});

const slow = { timeout: 5 * NOTICE_TIMEOUT_MS };

test(
  'a coordinator that stands still is noticed, and one that is gone: what is shown is old',
  slow,
  async () => {
    const maria = await come();
    const { page } = maria;
    const mark = page.getByRole('banner').getByRole('status');
    await mark.getByText('live', { exact: true }).waitFor();
    await world.coordinator.pause();
    await mark.getByText('no answer').waitFor({ timeout: NOTICE_TIMEOUT_MS });
    world.coordinator.resume();
    await mark.getByText('live', { exact: true }).waitFor({ timeout: NOTICE_TIMEOUT_MS });

    await world.coordinator.kill();
    await page.getByText('What is shown is as of').first().waitFor({ timeout: NOTICE_TIMEOUT_MS });
    await page.getByRole('heading', { name: 'Sessions blocked now' }).waitFor();
    await world.coordinator.start();
    await mark.getByText('live', { exact: true }).waitFor({ timeout: NOTICE_TIMEOUT_MS });
    await page.getByText('What is shown is as of').first().waitFor({ state: 'detached' });
    expect(maria.forgive().filter((line) => !/net::ERR_|503/.test(line))).toEqual([]);
    await maria.close();
  },
);
