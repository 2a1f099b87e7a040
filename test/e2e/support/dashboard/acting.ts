// What a person does in the dialogs of the page: fills in, waits for the proof, presses.
import { expect } from 'vitest';
import type { Visitor } from './browser.js';

interface Filled {
  readonly reason: string;
  readonly evidence?: string;
  /** Of the action's own fields, by the text beside them. */
  readonly choices?: readonly string[];
  /** Of the action's own fields, by their labels. */
  readonly fields?: Readonly<Record<string, string>>;
  /** What has to be typed. */
  readonly typed?: string;
}

/**
 * In the dialog that is open. Nothing can be pressed before it is filled in, and proved.
 * @param press the button
 * @returns what the page says was done
 */
export async function fillIn({ page }: Visitor, press: string, filled: Filled): Promise<string> {
  const dialog = page.getByRole('dialog');
  const button = dialog.getByRole('button', { name: press, exact: true });
  await button.waitFor();
  expect(await button.isDisabled(), `${press}, before anything is filled in`).toBe(true);
  for (const choice of filled.choices ?? [])
    await dialog.getByLabel(choice, { exact: true }).check();
  for (const [label, text] of Object.entries(filled.fields ?? {})) {
    await dialog.getByLabel(label).fill(text);
  }
  if (filled.evidence !== undefined) await dialog.getByLabel('Evidence').fill(filled.evidence);
  await dialog.getByLabel('Reason').fill(filled.reason);
  if (filled.typed !== undefined) await dialog.getByLabel(/^Type “/).fill(filled.typed);
  await button.click(); // waits until it can be pressed
  const close = page.getByRole('button', { name: 'Close', exact: true });
  // the head of a dialog has one too, from the beginning; that it is proving is a status as well
  const outcome = dialog.getByRole('status').filter({ has: close });
  const said = await outcome.innerText();
  await outcome.getByRole('button', { name: 'Close', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  return said;
}

/** Chooses what is done to one branch, on the page of its transaction. */
export async function actOn({ page }: Visitor, branch: string, label: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^Act on ${branch}:`) }).click();
  await page.getByRole('menuitem', { name: new RegExp(`^${label}`) }).click();
}
