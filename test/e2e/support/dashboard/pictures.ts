// Pictures of the pages, for the documents: taken when UPDATE_SCREENSHOTS=1, of one size each.
//
//   all of them        ─▶ node_modules/.cache/screenshots/   to be looked at
//   those of `kept`    ─▶ docs/images/                       a few, and small
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Visitor } from './browser.js';

export const arePicturesWanted = process.env['UPDATE_SCREENSHOTS'] === '1';
const ALL = path.resolve('node_modules/.cache/screenshots');
const KEPT = path.resolve('docs/images');
const BYTES_MAX = 200_000;

const kept: ReadonlySet<string> = new Set([
  'overview-light-desktop',
  'transaction-light-desktop',
  'transaction-dark-desktop',
  'transactions-light-desktop',
  'in-doubt-dark-desktop',
  'audit-light-desktop',
  'overview-dark-phone',
  'transaction-light-phone',
]);

/** @param name of the page, of the scheme, of the window */
export async function picture({ page }: Visitor, name: string): Promise<void> {
  if (!arePicturesWanted) return;
  await page.mouse.move(0, 0); // over nothing
  const png = await page.screenshot({ animations: 'disabled', caret: 'hide', scale: 'css' });
  mkdirSync(ALL, { recursive: true });
  writeFileSync(path.join(ALL, `${name}.png`), png);
  if (!kept.has(name)) return;
  expect(png.length, `bytes of ${name}.png`).toBeLessThanOrEqual(BYTES_MAX);
  mkdirSync(KEPT, { recursive: true });
  writeFileSync(path.join(KEPT, `${name}.png`), png);
}
