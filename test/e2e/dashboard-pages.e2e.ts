// Every page, with everything on it that it can show, in both colour schemes and on both sizes of
// a window: no fault of accessibility that is serious, nothing in the console, nothing beyond the
// edge, and by keyboard alone as well.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { expectAccessible } from './support/dashboard/accessible.js';
import { DESKTOP, launch, PHONE, Visitor } from './support/dashboard/browser.js';
import type { Morning } from './support/dashboard/morning.js';
import { threeInTheMorning } from './support/dashboard/morning.js';
import { arePicturesWanted, picture } from './support/dashboard/pictures.js';

const START_TIMEOUT_MS = 300_000;
/** Of a test that looks at page after page: on a machine that is very busy each takes seconds. */
const TOUR_TIMEOUT_MS = 600_000;

const participants = await ScriptedParticipants.open();
let browser: Browser;
let morning: Morning;

beforeAll(async () => {
  [browser, morning] = await Promise.all([
    launch(),
    threeInTheMorning(inject('databaseUrl'), participants),
  ]);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await browser.close();
  await morning.hook.close();
  await morning.world.close();
});

/** A page, and what of ours has to be on it before it is looked at. */
const pages: readonly (readonly [name: string, hash: string, sight: string | RegExp])[] = [
  ['overview', '/', '10 sessions are blocked'],
  ['transactions', '/transactions?unfinished=true', 'checkout'],
  ['transaction', '/transactions/:blocker', 'What debit blocks'],
  ['in-doubt', '/in-doubt', 'not ours'],
  ['approvals', '/approvals', 'the machine of the bank is lost'],
  ['bulk', '/bulk', 'finished'],
  ['participants', '/participants', 'the lorries are at the garage'],
  ['alerts', '/alerts', 'Sessions are blocked'],
  ['audit', '/audit', 'on call wants to know'],
  ['access', '/access', 'You are maria'],
];

/** Each scheme, and each window. */
const tested = [
  { name: 'light-desktop', colorScheme: 'light', viewport: DESKTOP },
  { name: 'dark-phone', colorScheme: 'dark', viewport: PHONE },
] as const;
/** For pictures, the two others as well. */
const pictured = [
  { name: 'dark-desktop', colorScheme: 'dark', viewport: DESKTOP },
  { name: 'light-phone', colorScheme: 'light', viewport: PHONE },
] as const;
const looks = arePicturesWanted ? [...tested, ...pictured] : tested;

const BEYOND = 'document.documentElement.scrollWidth - innerWidth';

describe.each(looks)('$name', ({ name: look, ...how }) => {
  test('the door', async () => {
    const visitor = await Visitor.come(browser, morning.world.coordinator.url, how);
    await visitor.page.getByLabel('API key').waitFor();
    await expectAccessible(visitor, `the door, ${look}`);
    await picture(visitor, `sign-in-${look}`);
    visitor.expectNoComplaint();
    await visitor.close();
  });

  test('every page', { timeout: TOUR_TIMEOUT_MS }, async () => {
    const { world, blocker } = morning;
    const visitor = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria, how);
    for (const [name, hash, sight] of pages) {
      await visitor.go(hash.replace(':blocker', blocker));
      await visitor.page.getByRole('main').getByText(sight).first().waitFor();
      const beyond = () => visitor.page.evaluate<number>(BEYOND);
      await expect.poll(beyond, { message: `pixels beyond the edge: ${name}` }).toBe(0);
      await expectAccessible(visitor, `${name}, ${look}`);
      await picture(visitor, `${name}-${look}`);
    }
    visitor.expectNoComplaint();
    await visitor.close();
  });
});

test('the dialog of an action has no fault either, and closes with Escape', async () => {
  const { world, blocker } = morning;
  const maria = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria);
  await maria.go(`/transactions/${blocker}`);
  await maria.page.getByRole('button', { name: 'Retry now', exact: true }).click();
  await maria.page.getByText('Proved just now').waitFor();
  await expectAccessible(maria, 'the dialog');
  await picture(maria, 'dialog-light-desktop');
  await maria.page.keyboard.press('Escape');
  await maria.page.getByRole('dialog').waitFor({ state: 'detached' });
  maria.expectNoComplaint();
  await maria.close();
});

test('by keyboard alone: from the overview to the cause, and to every page', async () => {
  const { world, blocker } = morning;
  const maria = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria);
  const { page } = maria;
  const table = page.getByRole('table', { name: /^Causes/ });
  await table.getByRole('row').filter({ hasText: 'blocking' }).waitFor();
  await table.locator('[tabindex="0"][data-row]').focus();
  for (let n = 0; n < 5 && !(await isFocused(maria, 'blocking')); n++)
    await page.keyboard.press('j');
  expect(await isFocused(maria, 'blocking'), 'its row has the focus').toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(blocker));
  const chords = [
    ['d', 'In doubt'],
    ['v', 'Approvals'],
    ['t', 'Transactions'],
    ['b', 'Bulk actions'],
    ['p', 'Participants'],
    ['l', 'Alerts'],
    ['a', 'Audit'],
    ['k', 'Access'],
    ['o', 'Overview'],
  ] as const;
  for (const [key, heading] of chords) {
    // the one right after the other: both count for a moment only
    await Promise.all([page.keyboard.press('g'), page.keyboard.press(key)]);
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
  }
  maria.expectNoComplaint();
  await maria.close();
});

function isFocused({ page }: Visitor, text: string): Promise<boolean> {
  return page.evaluate<boolean>(
    `document.activeElement.matches('[data-row]') &&
      document.activeElement.textContent.includes('${text}')`,
  );
}
