// What the audit says of an end that its database did not obey.
import type { NamedBranch, ResourceManager } from '@concordat/engine';
import type { BranchId, GlobalTransactionId } from '@concordat/protocols';
import { expect, test } from 'vitest';
import type { OperatorRequest } from '../api.js';
import { TriedInVain } from '../api.js';
import type { OperationsPorts } from '../ports.js';
import { Orphans } from './orphans.js';

const gtid = '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55' as GlobalTransactionId;
const gid = `concordat:${gtid}:work`;
const branch: NamedBranch = {
  gid,
  preparedAt: undefined,
  owner: undefined,
  database: undefined,
  id: undefined,
  name: { cluster: undefined, gtid, branch: 'work' as BranchId },
} as NamedBranch;

test('an end that was tried in vain was intended and failed, and not refused', async () => {
  const lines: { stage: string }[] = [];
  const resourceManager = {
    name: 'orders',
    prepared: () => Promise.resolve([branch]),
    finish: () => Promise.resolve({ type: 'failed', reason: 'it belongs to another role' }),
  } as unknown as ResourceManager;
  const orphaned = { branch, verdict: { standing: 'orphaned', reason: 'nobody knows it' } };
  let count = 0;
  const orphans = new Orphans({
    engine: { find: () => Promise.resolve(undefined) },
    store: { audited: (line: { stage: string }) => Promise.resolve(lines.push(line)) },
    recovery: { scan: () => Promise.resolve({ findings: [orphaned] }) },
    resourceManagers: [resourceManager],
    ids: { next: () => String(++count) },
  } as unknown as OperationsPorts);
  const request = {
    principal: { kind: 'key', id: 'k', name: 'k', grants: [] },
    params: { name: 'orders' },
  } as unknown as OperatorRequest;
  const body = { gid, outcome: 'rollback', reason: 'r', evidence: 'e', dryRun: false } as const;
  const asked = { ask: () => Promise.reject(new Error('nobody is asked')) };
  await expect(orphans.end(request, body, asked)).rejects.toThrow(TriedInVain);
  expect(lines.map(({ stage }) => stage)).toEqual(['intended', 'failed']);
});
