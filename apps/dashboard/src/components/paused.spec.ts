import { expect, test } from 'vitest';
import { waitsForPaused } from './paused.js';

test.each([
  ['debit: commit: paused by jo: the lorries are at the garage', true],
  ['debit: commit failed 3 times: paused by jo: the machine is away', true],
  ['debit: commit failed once: HTTP 503 paused by the night shift', false],
  ['debit: commit failed once: refused: paused by the night shift', false],
  ['paused by a person', false],
  ['waits for its initiator', false],
])('of “%s” whether a paused participant is waited for: %s', (why, is) => {
  expect(waitsForPaused(why)).toBe(is);
});
