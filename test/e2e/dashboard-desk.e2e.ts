// What people do besides transactions, by the page: participants, orphans, approvals, alerts, keys,
// the audit; and what a reader sees of it, which is everything with the reason why not.
import { createHmac } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ParticipantHealthView } from '@concordat/wire/operations';
import { participantListSchema } from '@concordat/wire/operations';
import { eventually } from '../support/eventually.js';
import { BALANCE } from './support/books.js';
import { actOn, fillIn } from './support/dashboard/acting.js';
import { launch, Visitor } from './support/dashboard/browser.js';
import type { Person } from './support/dashboard/world.js';
import { World } from './support/dashboard/world.js';
import { Hook } from './support/dashboard/hook.js';

const START_TIMEOUT_MS = 300_000;
const reason = 'it was agreed upon in the morning';

let browser: Browser;
let world: World;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), World.open(inject('databaseUrl'))]);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await browser.close();
  await world.close();
});

/** Comes, does something, and leaves; nothing may be wrong with the page. */
async function as(person: Person, work: (visitor: Visitor) => Promise<void>): Promise<void> {
  const visitor = await Visitor.signIn(browser, world.coordinator.url, world.keys[person]);
  await work(visitor);
  visitor.expectNoComplaint();
  await visitor.close();
}

describe('participants', () => {
  test('one is paused and resumed', () =>
    as('operator', async (operator) => {
      const { page } = operator;
      await operator.go('/participants');
      await page.getByRole('button', { name: 'Pause beta', exact: true }).click();
      await fillIn(operator, 'Pause beta', { reason });
      const row = page.locator('[data-row=beta]');
      await row.getByText('Paused by operator: it was agreed').waitFor();
      expect(await participant('beta')).toMatchObject({ health: 'paused' });
      const gtid = await world.begin();
      await operator.go(`/transactions/${gtid}`);
      await page.getByText('It waits for a paused participant.').waitFor();
      await operator.go('/participants');
      await page.getByRole('button', { name: 'Resume beta', exact: true }).click();
      await fillIn(operator, 'Resume beta', { reason });
      await page.getByRole('button', { name: 'Pause beta', exact: true }).waitFor();
      expect(await participant('beta')).toMatchObject({ paused: null });
      expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
    }));

  test('what was proved, and is so no more, is proved again while one thinks about it', () =>
    as('operator', async (operator) => {
      const { page } = operator;
      await operator.go('/participants');
      await page.getByRole('button', { name: 'Pause beta', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Proved just now').waitFor();
      expect(await dialog.getByText('It is paused already').count()).toBe(0);
      await world.api.post('/v1/operations/participants/beta/pause', { reason });
      await dialog.getByText('It is paused already').waitFor();
      await world.api.post('/v1/operations/participants/beta/resume', { reason });
    }));

  test('a database is scanned, and tested in plain words', () =>
    as('operator', async (operator) => {
      const { page } = operator;
      await operator.go('/participants');
      const database = page.getByRole('region', { name: /^alfa-db/ });
      await database.getByText('answers', { exact: true }).waitFor();
      await database.getByRole('button', { name: 'Scan now: alfa-db', exact: true }).click();
      await database.getByRole('button', { name: 'Self-test: alfa-db', exact: true }).click();
      await database.getByText(/can rely on it/).waitFor();
      const found = await participant('alfa-db');
      expect(found?.resourceManager?.lastSelfTest?.checks.length).toBeGreaterThan(3);
    }));
});

/** Nothing is asked again by itself any more, and how much would have been is counted. */
const ONLY_WHEN_TOLD = `
  const setOwn = globalThis.setInterval;
  globalThis.notAsked = 0;
  globalThis.setInterval = (work, ms, ...more) =>
    ms < 5000 ? setOwn(work, ms, ...more) : ++globalThis.notAsked;`;

test('what happens elsewhere is told to the page, which need not ask again for it', () =>
  as('reader', async (reader) => {
    const { page } = reader;
    await page.addInitScript(ONLY_WHEN_TOLD);
    await page.reload();
    await reader.go('/participants');
    await page.getByRole('banner').getByText('live', { exact: true }).waitFor();
    for (const [verb, next] of [
      ['pause', 'Resume beta'],
      ['resume', 'Pause beta'],
    ] as const) {
      const path = `/v1/operations/participants/beta/${verb}`;
      expect((await world.api.post(path, { reason })).status).toBe(200);
      await page.getByRole('button', { name: next, exact: true }).waitFor();
    }
    expect(await page.evaluate<number>('notAsked')).toBeGreaterThan(0);
  }));

/** A tab that can be put behind another: every page of a browser without a screen is in sight. */
const MAY_BE_BEHIND = `
  globalThis.isBehind = false;
  Object.defineProperty(document, 'visibilityState', {
    get: () => (globalThis.isBehind ? 'hidden' : 'visible'),
  });`;
const setBehind = (is: boolean): string =>
  `globalThis.isBehind = ${is}; document.dispatchEvent(new Event('visibilitychange'))`;
/** More than the connections that a browser has to one server. */
const TABS = 8;

test('a tab that nobody sees takes no connection from the others, and is as it was when seen', () =>
  as('reader', async (reader) => {
    await reader.context.addInitScript(MAY_BE_BEHIND);
    const tabs = [];
    for (let n = 1; n <= TABS; n++) {
      const tab = await reader.context.newPage();
      await tab.goto(`${world.coordinator.url}/ui/#/participants`);
      await tab.getByRole('banner').getByText('live', { exact: true }).waitFor();
      await tab.evaluate(setBehind(true));
      tabs.push(tab);
    }
    const [first] = tabs;
    await world.api.post('/v1/operations/participants/beta/pause', { reason });
    await first?.evaluate(setBehind(false));
    await first?.getByRole('button', { name: 'Resume beta', exact: true }).waitFor();
    await first?.getByRole('banner').getByText('live', { exact: true }).waitFor();
    await world.api.post('/v1/operations/participants/beta/resume', { reason });
    expect(tabs).toHaveLength(TABS);
  }));

async function participant(name: string): Promise<ParticipantHealthView | undefined> {
  const { body } = await world.api.get('/v1/operations/participants');
  return participantListSchema.parse(body).items.find((one) => one.name === name);
}

describe('what is in doubt', () => {
  test('an orphan is rolled back with evidence; what is not ours is shown and not touched', () =>
    as('maria', async (maria) => {
      const { page } = maria;
      const orphan = await world.prepareOrphan('41');
      const foreign = await world.prepare('erp-17', '42');
      await maria.go('/in-doubt?in=alfa-db');
      const ours = page.getByRole('article', { name: `${orphan} in alfa-db`, exact: true });
      await ours.getByText('orphaned', { exact: true }).waitFor();
      const theirs = page.getByRole('article', { name: `${foreign} in alfa-db`, exact: true });
      await theirs.getByText('not ours', { exact: true }).waitFor();
      expect(await theirs.getByRole('button', { name: /End it/ }).count()).toBe(0);
      await ours.getByRole('button', { name: 'End it …' }).click();
      await fillIn(maria, 'Roll the orphan back', {
        reason,
        evidence: 'its service was removed a year ago',
        typed: 'rollback',
      });
      await ours.waitFor({ state: 'detached' });
      await eventually('it is gone there too', async () => {
        return !(await world.preparedGids()).includes(orphan);
      });
      expect(await world.preparedGids()).toContain(foreign);
      await maria.go('/audit?action=orphan.end');
      await page.getByText('its service was removed a year ago').first().waitFor();
    }));

  test('an orphan is committed once another person has approved it', async () => {
    const orphan = await world.prepareOrphan('43');
    const evidence = 'the other bank has the line of this transfer in its ledger';
    await as('maria', async (maria) => {
      await maria.go('/in-doubt?in=alfa-db');
      const name = `${orphan} in alfa-db`;
      const ours = maria.page.getByRole('article', { name, exact: true });
      await ours.getByRole('button', { name: 'End it …' }).click();
      await maria.page.getByRole('dialog').getByLabel('Commit', { exact: true }).check();
      const filled = { reason, evidence, typed: 'commit' };
      expect(await fillIn(maria, 'Ask for approval', filled)).toContain('second person');
      expect(await world.preparedGids(), 'nothing was done yet').toContain(orphan);
    });
    await as('jo', async (jo) => {
      await jo.go('/approvals');
      await jo.page.getByText(evidence).first().waitFor();
      await jo.page.getByText('which is not in the journal').waitFor();
      await jo.page.getByRole('button', { name: 'Approve …', exact: true }).click();
      await fillIn(jo, 'Approve', { reason: 'I have looked too', typed: 'commit' });
      await eventually('it is over', async () => !(await world.preparedGids()).includes(orphan));
    });
    const { rows } = await world.books.banks.alfa.query<{ balance: string }>(
      `select balance from account where id = '43'`,
    );
    expect(Number(rows[0]?.balance), 'what it has written').toBe(BALANCE + 1);
    await as('maria', async (maria) => {
      await maria.go('/audit?action=orphan.end');
      await maria.page.getByText(evidence).first().waitFor();
    });
  });
});

describe('approvals', () => {
  test('what one has asked for, another rejects: nothing was done', async () => {
    const gtid = await world.strand();
    const before = (await world.preparedGids()).find((gid) => gid.includes(gtid));
    expect(before, 'what is prepared of it').toBeDefined();
    await as('jo', async (jo) => {
      await jo.go(`/transactions/${gtid}`);
      await actOn(jo, 'debit', 'Force an outcome');
      await fillIn(jo, 'Ask for approval', {
        reason,
        choices: ['Roll back'],
        evidence: 'a rumour',
        typed: 'rollback debit',
      });
    });
    await as('maria', async (maria) => {
      await maria.go('/approvals');
      await maria.page.getByText('a rumour').waitFor();
      await maria.page.getByRole('button', { name: 'Reject …' }).click();
      await fillIn(maria, 'Reject', { reason: 'credit has committed' });
      await maria.page.getByRole('row').getByText('rejected', { exact: true }).waitFor();
      expect(await world.preparedGids()).toContain(before);
    });
    await world.revive();
    const retried = await world.api.post(`/v1/operations/transactions/${gtid}/retry`, { reason });
    expect(retried.status).toBe(200);
    expect((await world.api.untilEnded(gtid)).outcome).toBe('committed');
  });
});

describe('alerts', () => {
  test('a rule is made, tested, changed and removed; its messages are signed', () =>
    as('admin', async (admin) => {
      const hook = await Hook.open();
      const { page } = admin;
      await admin.go('/alerts');
      await page.getByRole('button', { name: 'Make a rule', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('Somebody waits');
      await dialog.getByLabel('Webhook').fill(hook.url);
      await dialog.getByLabel('Reason').fill(reason);
      await dialog.getByRole('button', { name: 'Make the rule', exact: true }).click();
      const secret = await dialog.locator('pre').innerText();
      await dialog.getByRole('button', { name: 'I have it', exact: true }).click();

      const rule = page.getByRole('region', { name: /^Somebody waits/ });
      await rule.getByRole('button', { name: /^Test this alert/ }).click();
      await rule.getByText('The test has arrived.', { exact: true }).waitFor();
      const { headers, body } = await hook.next();
      const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
      const key = Buffer.from(secret.trim().replace('whsec_', ''), 'base64');
      const expected = createHmac('sha256', key).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);

      await rule.getByRole('button', { name: 'Change Somebody waits', exact: true }).click();
      await dialog.getByLabel('It watches').uncheck();
      await dialog.getByLabel('Reason').fill(reason);
      await dialog.getByRole('button', { name: 'Change the rule', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await rule.getByText('switched off', { exact: true }).waitFor();

      await rule.getByRole('button', { name: 'Remove Somebody waits', exact: true }).click();
      await fillIn(admin, 'Remove the rule', { reason });
      await page.getByRole('heading', { name: 'No rule watches', exact: true }).waitFor();
      await hook.close();
    }));
});

describe('access', () => {
  test('a key is made and shown once, opens the page, and shuts out whoever has it once revoked', () =>
    as('admin', async (admin) => {
      const { page } = admin;
      await admin.go('/access');
      await page.getByRole('button', { name: 'Make a key', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('visitor');
      await dialog.getByLabel('reader', { exact: true }).check();
      await dialog.getByLabel('Reason').fill(reason);
      await dialog.getByRole('button', { name: 'Make the key', exact: true }).click();
      const key = (await dialog.locator('pre').innerText()).trim();
      await dialog.getByRole('button', { name: 'I have it', exact: true }).click();
      const revoking = page.getByRole('button', { name: 'Revoke visitor', exact: true });
      await revoking.waitFor();
      expect(await page.getByRole('main').getByText(key).count(), 'shown once').toBe(0);

      const visitor = await Visitor.signIn(browser, world.coordinator.url, key);
      await visitor.go('/access');
      await visitor.page.getByText('You are visitor').waitFor();
      await revoking.click();
      await revoke(admin);
      await visitor.page.reload();
      await visitor.page.getByLabel('API key').waitFor();
      await visitor.close();
    }));

  test('the table of roles is that of the server', () =>
    as('reader', async (reader) => {
      await reader.go('/access');
      const table = reader.page.getByRole('region', { name: 'Roles and permissions' });
      await table.getByRole('img', { name: 'resolver: yes' }).first().waitFor();
      expect(await reader.page.locator('[data-held=true]').count()).toBe(1);
    }));
});

async function revoke({ page }: Visitor): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Type “revoke”/).fill('revoke');
  await dialog.getByRole('button', { name: 'Revoke the key', exact: true }).click();
  const outcome = dialog.getByRole('status');
  await outcome.getByRole('button', { name: 'Close', exact: true }).click();
}

describe('the audit', () => {
  test('is filtered, paged, read line by line, and verified', async () => {
    for (let n = 0; n < 30; n++) {
      for (const verb of ['pause', 'resume']) {
        const to = `/v1/operations/participants/beta/${verb}`;
        expect((await world.api.post(to, { reason: `turn ${n}` })).status).toBe(200);
      }
    }
    await as('maria', async (maria) => {
      const { page } = maria;
      await maria.go('/audit');
      await page.getByText('50 on this page, and there are more').waitFor();
      await page.getByRole('button', { name: 'Next page' }).click();
      await page.getByText(/on this page, the last/).waitFor();
      await page.getByRole('button', { name: 'Verify the chain' }).click();
      await page.getByText(/^All \d+ lines are as they were written/).waitFor();
      await maria.go('/audit?action=orphan.end');
      const table = page.getByRole('table', { name: /^The audit/ });
      const rows = table.getByRole('row').filter({ hasText: 'orphan.end' });
      await rows.last().getByRole('link', { name: 'maria', exact: true }).click();
      await page.waitForURL(/actor=/);
      await table.getByText('approval.reject', { exact: true }).waitFor();
      expect(await table.getByText('participant.pause').count()).toBe(0);
      await rows.first().focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: /^Line \d+ of the audit/ });
      await dialog.getByText(/^[0-9a-f]{64}$/).waitFor();
      await dialog.getByText(reason).waitFor();
    });
  });
});

describe('a reader', () => {
  test('sees every action with the reason why not', async () => {
    const gtid = await world.strand();
    await world.block(1);
    await as('reader', async (reader) => {
      const { page } = reader;
      const expectShut = async (hash: string, name: string | RegExp, permission: string) => {
        await reader.go(hash);
        const button = page.getByRole('button', { name }).first();
        await button.waitFor();
        expect(await button.getAttribute('aria-disabled'), `${hash}: ${String(name)}`).toBe('true');
        await button.hover({ force: true });
        await page.getByText(`the permission ${permission}`).first().waitFor();
      };
      await expectShut('/participants', 'Pause beta', 'participants.operate');
      await expectShut('/participants', 'Scan now: alfa-db', 'participants.operate');
      await expectShut('/alerts', 'Make a rule', 'alerts.manage');
      await expectShut('/access', 'Make a key', 'access.manage');
      await reader.go('/access');
      await page.getByText('You may not see the keys').waitFor();
      await reader.go('/audit');
      await page.getByText('This takes the permission audit.read').waitFor();
      await expectShut('/transactions', /^Act on/, 'transactions.operate');
      await reader.go(`/transactions/${gtid}`);
      const retry = page.locator('[data-action=retry]');
      expect(await retry.getByRole('button').isDisabled()).toBe(true);
      await retry.getByText(/the permission transactions\.operate/).waitFor();
      // whoever may not read payloads reads no queries either: they hold other people's data
      const blocks = page.getByRole('region', { name: 'What debit blocks', exact: true });
      await blocks.getByText('1 session waits').waitFor();
      expect(await page.getByText('/* session 1 */').count()).toBe(0);
    });
  });
});
