import type { ResourceManagerView } from '@concordat/wire';
import { expect, test } from 'vitest';
import { byHealth, healthOf, isInTrouble } from './health.js';

const service = { health: 'healthy', said: 'It has answered 3 calls.' } as const;
const uncalled = { health: 'unknown', said: 'Nothing was asked of it.' } as const;
const resourceManager: ResourceManagerView = {
  name: 'ledger-db',
  kind: 'postgres',
  address: 'postgres://db/ledger',
  reachable: true,
  prepared: { inDoubt: 0, orphaned: 0, reappeared: 0, others: 0, notExamined: 0 },
  branches: [],
  notes: [],
};

const answers = { ...uncalled, resourceManager };
const silent = {
  ...uncalled,
  resourceManager: { ...resourceManager, reachable: false, lastError: 'connection refused' },
};
const notScanned = { ...uncalled, resourceManager: { ...resourceManager, reachable: null } };

test('a database that does not answer is in trouble, though nobody has called it', () => {
  expect(isInTrouble(silent)).toBe(true);
  expect(healthOf(silent)).toMatchObject({ tone: 'danger', said: 'connection refused' });
  expect([answers, notScanned, service, uncalled].some(isInTrouble)).toBe(false);
});

test('the worst come first', () => {
  const failing = { health: 'failing', said: 'It answers some.' } as const;
  const sorted = [service, uncalled, failing, silent].toSorted(byHealth);
  expect(sorted).toEqual([silent, failing, uncalled, service]);
});
