// At three in the morning: a bank has died in doubt, and ten sessions wait for what it has locked.
// A person reaches the cause from the overview in two clicks, sees who waits, what is true and what
// is safe, and ends it: once by retrying as the bank is back, once by force, with a second person.
//
// I1. The bank was killed, and is prepared in its database, before anybody looks.
// I2. Clicks are counted by the page itself, of whatever was pressed.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fillIn } from './support/dashboard/acting.js';
import { launch, Visitor } from './support/dashboard/browser.js';
import { World } from './support/dashboard/world.js';

const SESSIONS = 10;
const CLICKS_MAX = 2;
const START_TIMEOUT_MS = 300_000;

let browser: Browser;
let world: World;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), World.open(inject('databaseUrl'))]);
}, START_TIMEOUT_MS);
afterAll(async () => {
  await browser.close();
  await world.close();
});

/** I1. @returns the transaction that is the cause */
async function incident(): Promise<string> {
  const gtid = await world.strand();
  await world.block(SESSIONS);
  expect(world.banks.alfa.hasEnded(), 'alfa is dead').toBe(true);
  expect(await world.preparedGids()).toHaveLength(1);
  expect(await world.blocked()).toBe(SESSIONS);
  return gtid;
}

/** From the overview to the page of the transaction; each press counts. */
async function reachTheCause(maria: Visitor, gtid: string): Promise<void> {
  const { page } = maria;
  await page.getByText(`${SESSIONS} sessions are blocked`).waitFor();
  await maria.countClicks(); // I2
  const causes = page.getByRole('table', { name: /^Causes/ });
  const row = causes.getByRole('row').filter({ hasText: 'blocking' });
  await row.getByRole('link', { name: /^look at/ }).click();
  await page.getByRole('region', { name: 'What debit blocks', exact: true }).waitFor();
  expect(page.url()).toContain(gtid);
  await expect.poll(() => maria.clicks).toBeGreaterThan(0);
  expect(maria.clicks).toBeLessThanOrEqual(CLICKS_MAX);
}

async function seeWhatIsTrue({ page }: Visitor): Promise<void> {
  const verdict = page.getByRole('region', { name: 'The verdict' });
  await verdict
    .getByText(/decision is COMMIT/)
    .first()
    .waitFor();
  await verdict.getByText('Safe:', { exact: true }).waitFor();
  const branches = page.getByRole('table', { name: 'Branches', exact: true });
  const debit = branches.getByRole('row').filter({ hasText: 'debit' });
  await debit.getByText('prepared', { exact: true }).first().waitFor();
  const waiting = page.getByRole('table', { name: /^Sessions that wait for debit/ });
  for (let n = 1; n <= SESSIONS; n++) {
    const session = waiting.getByText(`/* session ${n} */`);
    await expect.poll(() => session.count(), { message: `session ${n}` }).toBe(1);
  }
}

test('a bank that dies in doubt and blocks ten sessions: retried once it is back', async () => {
  const gtid = await incident();
  const maria = await Visitor.signIn(browser, world.coordinator.url, world.keys.maria);
  await reachTheCause(maria, gtid);
  await seeWhatIsTrue(maria);

  await world.revive();
  await maria.page.getByRole('button', { name: 'Retry now', exact: true }).click();
  await fillIn(maria, 'Retry now', { reason: 'the bank is back, says its operator' });
  expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
  const heading = maria.page.getByRole('heading', { level: 1 });
  await heading.getByText('committed', { exact: true }).waitFor();
  await expect.poll(() => world.blocked()).toBe(0); // one after the other
  expect(await world.preparedGids()).toEqual([]);

  await maria.go(`/audit?gtid=${gtid}`);
  const line = maria.page.getByRole('row').filter({ hasText: 'transaction.retry' });
  await line.getByText('the bank is back, says its operator').waitFor();
  await line.getByRole('link', { name: 'maria', exact: true }).waitFor();
  maria.expectNoComplaint();
  await maria.close();
});

test('the same, with the bank gone for good: forced by one person and approved by another', async () => {
  const gtid = await incident();
  const url = world.coordinator.url;
  const maria = await Visitor.signIn(browser, url, world.keys.maria);
  await reachTheCause(maria, gtid);
  await seeWhatIsTrue(maria);

  await maria.page.getByRole('button', { name: /^Act on debit/ }).click();
  await maria.page.getByRole('menuitem', { name: /^Force an outcome/ }).click();
  const asked = await fillIn(maria, 'Ask for approval', {
    choices: ['Commit'],
    evidence: 'credit has committed; pg_prepared_xacts still has the debit',
    reason: 'the machine of the bank is lost, and ten sessions wait',
    typed: 'commit debit',
  });
  expect(asked).toContain('second person');
  expect(await world.blocked(), 'nothing was done yet').toBe(SESSIONS);

  await maria.go('/approvals');
  const own = maria.page.getByRole('button', { name: 'Approve …', exact: true });
  expect(await own.getAttribute('aria-disabled')).toBe('true');
  await maria.page
    .getByText(/another person has to approve/i)
    .first()
    .waitFor();

  const jo = await Visitor.signIn(browser, url, world.keys.jo);
  await jo.go('/approvals');
  await jo.page.getByText('the machine of the bank is lost, and ten sessions wait').waitFor();
  await jo.page.getByText('credit has committed; pg_prepared_xacts').waitFor();
  await jo.page.getByRole('button', { name: 'Approve …', exact: true }).click();
  await fillIn(jo, 'Approve', { reason: 'I have looked too', typed: 'commit' });
  await expect.poll(() => world.blocked()).toBe(0);
  expect(await world.preparedGids()).toEqual([]);

  await maria.go(`/audit?gtid=${gtid}`);
  const audit = maria.page.getByRole('table', { name: /^The audit/ });
  const forced = audit
    .getByRole('row')
    .filter({ hasText: 'branch.force' })
    .filter({ hasText: 'done' });
  await forced.first().getByText('credit has committed; pg_prepared_xacts').waitFor();
  const approved = audit.getByRole('row').filter({ hasText: 'approval.approve' });
  await approved.getByText('I have looked too').waitFor();
  await approved.getByRole('link', { name: 'jo', exact: true }).waitFor();
  for (const person of [maria, jo]) {
    person.expectNoComplaint();
    await person.close();
  }
});
