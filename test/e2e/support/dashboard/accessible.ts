// What axe-core finds on a page: nothing that is serious, or worse.
import axe from 'axe-core';
import { expect } from 'vitest';
import type { Visitor } from './browser.js';

const RUN = 'axe.run(document, { resultTypes: ["violations"] })';

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly html: string }[];
}

/** @param what the page, as the report names it */
export async function expectAccessible({ page }: Visitor, what: string): Promise<void> {
  const loaded = await page.evaluate<boolean>('"axe" in globalThis');
  // through the protocol of the browser, which no policy of the page forbids
  if (!loaded) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>(RUN);
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect(grave, `faults of ${what}`).toEqual([]);
}
