// What is ended in a database, what is not, and what the audit says of it.
import type { Finished, NamedBranch, ResourceManager } from '@concordat/engine';
import type { BranchId, GlobalTransactionId } from '@concordat/protocols';
import { expect, test } from 'vitest';
import type { OperatorRequest } from '../api.js';
import { TriedInVain } from '../api.js';
import type { OperationsPorts } from '../ports.js';
import type { ApprovalRow } from '../statements/approval-row.js';
import { Orphans } from './orphans.js';

const gtid = '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55' as GlobalTransactionId;
const gid = `concordat:${gtid}:work`;
const body = { gid, outcome: 'rollback', reason: 'r', evidence: 'e', dryRun: false } as const;
const request = {
  principal: { kind: 'key', id: 'k', name: 'k', grants: [] },
  params: { name: 'orders' },
} as unknown as OperatorRequest;
const nobody = { ask: () => Promise.reject(new Error('nobody is asked')) };

interface Made {
  /** What recovery thinks of the branch. */
  readonly standing?: string;
  /** In the branch's name. */
  readonly cluster?: string;
  readonly finished?: Finished;
}

/** One branch that is prepared in `orders`; `did`: its end and the audit's lines, in order. */
function desk({ standing = 'orphaned', cluster, finished = { type: 'finished' } }: Made) {
  const did: string[] = [];
  const branch = { gid, name: { cluster, gtid, branch: 'work' as BranchId } } as NamedBranch;
  const resourceManager = {
    name: 'orders',
    prepared: () => Promise.resolve([branch]),
    finish: (_: NamedBranch, outcome: string) => {
      did.push(outcome);
      return Promise.resolve(finished);
    },
  } as unknown as ResourceManager;
  const finding = { branch, verdict: { standing, reason: 'recovery says so' } };
  let count = 0;
  const orphans = new Orphans({
    engine: { find: () => Promise.resolve(undefined) },
    store: { audited: ({ stage }: { stage: string }) => Promise.resolve(did.push(stage)) },
    recovery: { scan: () => Promise.resolve({ findings: [finding] }) },
    resourceManagers: [resourceManager],
    cluster: 'c0ffee00',
    ids: { next: () => String(++count) },
  } as unknown as OperationsPorts);
  return { orphans, did };
}

test('an end is intended before it is tried, and then done', async () => {
  const { orphans, did } = desk({});
  expect(await orphans.end(request, body, nobody)).toMatchObject({ result: 'done' });
  expect(did).toEqual(['intended', 'rollback', 'done']);
});

test('an end that was tried in vain was intended and failed, and not refused', async () => {
  const finished: Finished = { type: 'failed', reason: 'it belongs to another role' };
  const { orphans, did } = desk({ finished });
  await expect(orphans.end(request, body, nobody)).rejects.toThrow(TriedInVain);
  expect(did).toEqual(['intended', 'rollback', 'failed']);
});

test('what recovery still waits for is not ended', async () => {
  const { orphans, did } = desk({ standing: 'in-doubt' });
  await expect(orphans.end(request, body, nobody)).rejects.toThrow(/no orphan: recovery says so/);
  expect(did).toEqual(['refused']);
});

test('what bears the name of another installation is not ended', async () => {
  const { orphans, did } = desk({ cluster: 'ffffffff' });
  await expect(orphans.end(request, body, nobody)).rejects.toThrow(/another installation/);
  expect(did).toEqual(['refused']);
});

test('what two people have said is not done once it is no orphan any more', async () => {
  const { orphans, did } = desk({ standing: 'decided' });
  const target = { resource_manager: 'orders', gid, gtid, branch: null } as const;
  const approved: ApprovalRow = {
    id: 'approval',
    act_id: 'act',
    state: 'approved',
    action: 'orphan.end',
    tenant: '*',
    ...target,
    outcome: 'commit',
    reason: 'r',
    evidence: 'e',
    asked_kind: 'key',
    asked_id: 'a',
    asked_name: 'a',
    asked_at: new Date(0),
    expires_at: new Date(1),
    decided_by: { kind: 'key', id: 'k', name: 'k' },
    decided_at: new Date(0),
    said: null,
    is_over: false,
    is_stale: false,
  };
  expect(await orphans.carryOut(approved)).toEqual({ type: 'settled' });
  expect(did).toEqual(['failed']);
});
