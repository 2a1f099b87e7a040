// Every action on a transaction, by the page: pressed by whoever may, proved by the server before
// it can be pressed, done, and in the audit. Each transaction really is in its predicament.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { auditListSchema } from '@concordat/wire/operations';
import { actOn, fillIn } from './support/dashboard/acting.js';
import { launch, Visitor } from './support/dashboard/browser.js';
import { Predicaments } from './support/dashboard/predicaments.js';
import { World } from './support/dashboard/world.js';

const START_TIMEOUT_MS = 300_000;

let browser: Browser;
let world: World;
let predicaments: Predicaments;
let maria: Visitor;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), World.open(inject('databaseUrl'))]);
  predicaments = await Predicaments.open(world);
  maria = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria);
}, START_TIMEOUT_MS);

afterEach(() => maria.expectNoComplaint());

afterAll(async () => {
  await browser.close();
  await world.close();
});

const reason = 'the participant says so on the phone';

/** What is in the audit of it, by the one who acted, the first first. */
async function auditOf(gtid: string): Promise<readonly string[]> {
  const { body } = await world.api.get(`/v1/operations/audit?gtid=${gtid}&limit=200`);
  const { items } = auditListSchema.parse(body);
  return items
    .filter((item) => item.actor.name === 'maria' && item.reason === reason)
    .map(({ action, stage }) => `${action} ${stage}`)
    .toReversed();
}

const press = (name: string) => maria.page.getByRole('button', { name, exact: true }).click();

/** What the page shows is of after so many deeds: who acts upon what was before is refused. */
const deedsAre = (count: number) =>
  maria.page.getByRole('tab', { name: `What people did (${count})`, exact: true }).waitFor();

describe('on a transaction', () => {
  test('pause, and resume', async () => {
    const { gtid } = await predicaments.stuckAt('2pc', 'commit');
    await maria.go(`/transactions/${gtid}`);
    await press('Pause');
    await fillIn(maria, 'Pause', { reason });
    expect(await isPaused(gtid)).toBe(true);
    await deedsAre(1);
    await press('Resume');
    await fillIn(maria, 'Resume', { reason });
    expect(await isPaused(gtid)).toBe(false);
    expect(await auditOf(gtid)).toEqual(['transaction.pause done', 'transaction.resume done']);
  });

  test('retry now', async () => {
    const { gtid, there } = await predicaments.stuckAt('2pc', 'commit');
    there.answers('commit', { status: 200 });
    await maria.go(`/transactions/${gtid}`);
    await press('Retry now');
    await fillIn(maria, 'Retry now', { reason });
    expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
    expect(await auditOf(gtid)).toEqual(['transaction.retry done']);
  });

  test('roll back what is undecided; what is decided cannot be, and why stands there', async () => {
    const { gtid, there } = await predicaments.stuckAt('2pc', 'prepare');
    await maria.go(`/transactions/${gtid}`);
    await press('Roll back');
    await fillIn(maria, 'Roll back', { reason, typed: 'roll back' });
    there.answers('prepare', { status: 200 });
    expect((await world.api.find(gtid)).decision).toBe('rollback');
    expect(await auditOf(gtid)).toEqual(['transaction.rollback done']);

    const decided = await predicaments.stuckAt('2pc', 'commit');
    await maria.go(`/transactions/${decided.gtid}`);
    const rollBack = maria.page.getByRole('button', { name: 'Roll back', exact: true });
    expect(await rollBack.isDisabled()).toBe(true);
    await maria.page
      .locator('[data-action=rollback]')
      .getByText(/decided|decision/i)
      .first()
      .waitFor();
  });

  test('forget a heuristic that was seen to', async () => {
    const { gtid } = await predicaments.heuristic();
    await maria.go(`/transactions/${gtid}`);
    await press('Forget the heuristic');
    await fillIn(maria, 'Forget the heuristic', { reason });
    await maria.page
      .getByRole('term')
      .filter({ hasText: /^Dealt with$/ })
      .waitFor();
    expect(await auditOf(gtid)).toEqual(['transaction.forget done']);
  });
});

describe('on a branch', () => {
  test('resolve with evidence, which the participant confirms', async () => {
    const { gtid, there } = await predicaments.stuckAt('2pc', 'commit');
    const body = { state: 'committed', evidence: 'the ledger has it' };
    there.answers('inspect', { status: 200, body });
    await maria.go(`/transactions/${gtid}`);
    await actOn(maria, 'there', 'Resolve with evidence');
    await fillIn(maria, 'Resolve with evidence', {
      reason,
      choices: ['Done'],
      evidence: 'entry 17 of the ledger',
    });
    expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
    expect(await auditOf(gtid)).toEqual(['branch.resolve done']);
    await maria.go(`/audit?gtid=${gtid}`);
    const line = maria.page.getByRole('row').filter({ hasText: 'branch.resolve' });
    await line.getByText('entry 17 of the ledger').waitFor();
  });

  test('skip a step of a saga', async () => {
    const { gtid } = await predicaments.saga();
    await maria.go(`/transactions/${gtid}`);
    await actOn(maria, 'there', 'Skip this step');
    await fillIn(maria, 'Skip this step', { reason, typed: 'skip there' });
    expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
    expect(await auditOf(gtid)).toEqual(['branch.skip done']);
  });

  test('change the payload of a step that nobody was told of', async () => {
    const { gtid, there } = await predicaments.saga();
    await maria.go(`/transactions/${gtid}`);
    await actOn(maria, 'third', 'Change its payload');
    await fillIn(maria, 'Change its payload', {
      reason,
      fields: { 'The payload': '{"id":"mended"}' },
    });
    there.answers('execute', { status: 200 });
    await deedsAre(1);
    await press('Retry now');
    await fillIn(maria, 'Retry now', { reason });
    expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
    expect(await auditOf(gtid)).toEqual(['branch.amend done', 'transaction.retry done']);
  });

  test('call a step anew that was refused after the pivot', async () => {
    const { gtid, there } = await predicaments.refusedAfterPivot();
    const before = there.calls('execute').length;
    there.answers('execute', { status: 200 });
    await maria.go(`/transactions/${gtid}`);
    await actOn(maria, 'there', 'Call it anew');
    await fillIn(maria, 'Call it anew', { reason });
    expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
    expect(there.calls('execute').length).toBeGreaterThan(before);
    expect(await auditOf(gtid)).toEqual(['branch.replay done']);
  });

  test('what cannot be done is there, and says why', async () => {
    const { gtid } = await predicaments.stuckAt('2pc', 'commit');
    await maria.go(`/transactions/${gtid}`);
    await maria.page.getByRole('button', { name: /^Act on other: 0 of 2/ }).click();
    const resolve = maria.page.getByRole('menuitem', { name: /^Resolve with evidence/ });
    expect(await resolve.getAttribute('aria-disabled')).toBe('true');
    expect(await resolve.innerText()).toMatch(/Not now: .*outstanding/);
    await maria.page.keyboard.press('Escape');
  });
});

/** A button says so for a second, which on a slow machine is over before anybody looks. */
const WATCH_FOR_COPIED = `
  globalThis.hasSaidCopied = false;
  new MutationObserver(() => {
    const buttons = [...document.querySelectorAll('main button')];
    if (buttons.some(({ textContent }) => textContent === 'Copied')) hasSaidCopied = true;
  }).observe(document.body, { subtree: true, childList: true, characterData: true });`;

const ROWS = `[...document.querySelectorAll('[data-row]')].map(({ dataset }) => dataset.row)`;

/** The table has these rows, and no others. */
async function expectRows(page: Page, keys: readonly string[]): Promise<void> {
  await expect.poll(() => page.evaluate<readonly string[]>(ROWS)).toEqual(keys);
}

describe('a list', () => {
  test('is filtered, saved as a view, shared by its address, and forgotten', async () => {
    const { page } = maria;
    const { gtid } = await predicaments.stuckAt('2pc', 'commit', { request: { name: 'odd one' } });
    await maria.go('/transactions');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('odd one');
    await page.keyboard.press('Enter');
    await page.waitForURL(/name=odd/);
    await expectRows(page, [gtid]);
    await page.getByRole('button', { name: 'Save this view', exact: true }).click();
    await page.getByLabel('Name of the view').fill('Oddities');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const views = page.getByRole('navigation', { name: 'Saved views' });
    await views.getByRole('link', { name: /^Oddities/ }).waitFor();

    await maria.go('/transactions?phase=ended');
    await views.getByRole('link', { name: /^Oddities/ }).click();
    await page.waitForURL(/name=odd/);
    await expectRows(page, [gtid]);
    const jo = await Visitor.signIn(browser, world.coordinator.url, world.keys.jo);
    await jo.go(page.url().split('#')[1] ?? '');
    await expectRows(jo.page, [gtid]);
    await jo.close();

    await page.getByRole('button', { name: 'forget the view Oddities', exact: true }).click();
    await views.getByRole('link', { name: /^Oddities/ }).waitFor({ state: 'detached' });
  });

  test('an incident is copied for the ticket', async () => {
    await maria.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const { gtid } = await predicaments.stuckAt('2pc', 'commit');
    await maria.go(`/transactions/${gtid}`);
    await maria.page.evaluate(WATCH_FOR_COPIED);
    await maria.page.getByRole('button', { name: 'Copy incident summary', exact: true }).click();
    await expect.poll(() => maria.page.evaluate<boolean>('hasSaidCopied')).toBe(true);
    const copied = await maria.page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toContain(gtid);
  });
});

describe('in bulk', () => {
  test('all that match are retried; how far it is stands on its page', async () => {
    const request = { name: 'bulky' };
    const found = await Promise.all(
      [1, 2, 3].map(() => predicaments.stuckAt('2pc', 'commit', { request })),
    );
    for (const { there } of found) there.answers('commit', { status: 200 });
    await maria.go('/transactions?name=bulky');
    await maria.page.getByRole('button', { name: /^Act on all that match/ }).click();
    await maria.page.getByRole('menuitem', { name: 'Retry now', exact: true }).click();
    await fillIn(maria, 'Retry now: all that match', { reason });
    await maria.go('/bulk');
    const bulk = maria.page.getByRole('region', { name: /^Retry now/ });
    await bulk.getByText('finished', { exact: true }).waitFor();
    await bulk.getByText('3 of 3', { exact: true }).waitFor();
    for (const { gtid } of found) {
      expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
    }
  });

  test('one that is slow is paused and goes on; another is paused and cancelled', async () => {
    const request = { name: 'slow bulk' };
    const found = await Promise.all(
      [1, 2, 3, 4].map(() => predicaments.stuckAt('2pc', 'commit', { request })),
    );
    const pausedNow = () => Promise.all(found.map(({ gtid }) => isPaused(gtid)));
    const first = await heldBulk('Pause');
    await first.getByRole('button', { name: 'Resume …' }).click();
    await fillIn(maria, 'Resume', { reason });
    await first.getByText('finished', { exact: true }).waitFor();
    await first.getByText('4 of 4', { exact: true }).waitFor();
    expect(new Set(await pausedNow())).toEqual(new Set([true]));

    const second = await heldBulk('Resume');
    await second.getByRole('button', { name: 'Cancel the rest …' }).click();
    await fillIn(maria, 'Cancel the rest', { reason });
    await second.getByText('cancelled', { exact: true }).waitFor();
    expect(await pausedNow()).toContain(true);
  });

  test('one that has stopped after too many failures goes on when it is resumed', async () => {
    const request = { name: 'refused bulk' };
    const found = await Promise.all(
      [1, 2].map(() => predicaments.stuckAt('2pc', 'commit', { request })),
    );
    await maria.go('/transactions?name=refused+bulk');
    await maria.page.getByRole('button', { name: /^Act on all that match/ }).click();
    await maria.page.getByRole('menuitem', { name: 'Roll back', exact: true }).click();
    const fields = { 'At most, a second': '1', 'Stop after failures': '1' };
    const filled = { reason, fields, typed: 'roll back' };
    await fillIn(maria, 'Roll back: all that match', filled); // each is decided, and refuses
    await maria.go('/bulk');
    const bulk = maria.page.getByRole('region', { name: /^Roll back/ }).first();
    await bulk.getByText('stopped', { exact: true }).waitFor();
    await bulk.getByText('1 of 2', { exact: true }).waitFor();
    await bulk.getByRole('button', { name: 'Resume …' }).click();
    await fillIn(maria, 'Resume', { reason });
    await bulk.getByText('finished', { exact: true }).waitFor();
    await bulk.getByText('2 of 2', { exact: true }).waitFor();
    for (const { gtid } of found) {
      expect((await world.api.find(gtid)).decision, 'it stays').toBe('commit');
    }
  });

  test('some that are selected are paused, and no others', async () => {
    const request = { name: 'chosen' };
    const [first, second] = await Promise.all(
      [1, 2].map(() => predicaments.stuckAt('2pc', 'commit', { request })),
    );
    await maria.go('/transactions?name=chosen');
    await maria.page.getByLabel(`select ${first?.gtid}`, { exact: true }).check();
    await maria.page.getByRole('button', { name: /^Act on 1 selected/ }).click();
    await maria.page.getByRole('menuitem', { name: 'Pause', exact: true }).click();
    await fillIn(maria, 'Pause', { reason });
    expect(await isPaused(first?.gtid)).toBe(true);
    expect(await isPaused(second?.gtid)).toBe(false);
  });
});

/** Held at its first, and paused before it is through. @param action of each */
async function heldBulk(action: string) {
  const letGo = await world.holdBulks();
  try {
    return await pausedBulk(action);
  } finally {
    await letGo();
  }
}

async function pausedBulk(action: string) {
  const { page } = maria;
  await maria.go('/transactions?name=slow+bulk');
  await page.getByRole('button', { name: /^Act on all that match/ }).click();
  await page.getByRole('menuitem', { name: action, exact: true }).click();
  await fillIn(maria, `${action}: all that match`, {
    reason,
    fields: { 'At most, a second': '1' },
  });
  await maria.go('/bulk');
  const bulk = page.getByRole('region', { name: new RegExp(`^${action}`) }).first();
  await bulk.getByRole('button', { name: 'Pause …' }).click();
  await fillIn(maria, 'Pause', { reason });
  await bulk.getByText('paused', { exact: true }).waitFor();
  return bulk;
}

async function isPaused(gtid: string | undefined): Promise<boolean> {
  const { body } = await world.api.get(`/v1/operations/transactions/${gtid}`);
  return (body as { transaction: { paused: boolean } }).transaction.paused;
}
