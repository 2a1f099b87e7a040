import { expect, test } from 'vitest';
import { journalLines } from './journal.js';

const journal = [
  { version: 1, at: '2026-01-01T00:00:00.000Z', events: [{ type: 'begun' as const }], opened: [] },
];

test('a journal that is whole is shown line by line', () => {
  const lines = journalLines({ journal, journalComplete: true });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('begun');
});

test('a part of a journal says that it is a part', () => {
  const lines = journalLines({ journal, journalComplete: false });
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('not all of it');
});
