import type { BranchDefinition, NamedBranch, Record } from '@concordat/engine';
import type { BranchId, Event, GlobalTransactionId, Instant, Json } from '@concordat/protocols';
import { advance, beginTransaction } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { knownBranch, originOf, unknownBranch } from './knowledge.js';

const gtid = '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55' as GlobalTransactionId;
const MADE_AT = 0x01939f6c7e01;
const [bank, shop] = ['bank', 'shop'] as BranchId[] as [BranchId, BranchId];
const cluster = '0a1b2c3d';

function found(branch: string, id?: string): NamedBranch {
  const name = { cluster, gtid, branch: branch as BranchId };
  const gid = `concordat:${cluster}:${gtid}:${branch}`;
  return { gid, id, name, preparedAt: undefined, owner: undefined, database: undefined };
}

function recordAfter(...events: readonly Event[]): Record {
  const branches = [bank, shop].map((id) => ({ id, dependsOn: [], pivot: false, onePhase: false }));
  const deadline = 1 as Instant;
  const begun = beginTransaction('2pc', { branches, deadline, driven: true });
  const transaction = advance(begun, events, 2).transaction;
  const definition = {
    protocol: '2pc' as const,
    name: null,
    metadata: {},
    begunAt: 0 as Instant,
    deadlineAt: deadline,
    traceparent: null,
    branches: [] as readonly BranchDefinition[],
  };
  return { gtid, transaction, definition, attempts: [], endedAt: null };
}

const voted = (branch: BranchId, result?: Json): Event => ({
  type: 'replied',
  call: { branch, operation: 'prepare' },
  reply: { type: 'prepared' },
  ...(result === undefined ? {} : { result }),
});
const committed = (branch: BranchId): Event => ({
  type: 'replied',
  call: { branch, operation: 'commit' },
  reply: { type: 'acknowledged' },
});

describe('of a transaction that is known', () => {
  test.each([
    [[], 'undecided', 'outstanding'],
    [[voted(bank)], 'undecided', 'answered'],
    [[voted(bank), voted(shop)], 'commit', 'outstanding'],
    [[voted(bank), voted(shop), committed(bank)], 'commit', 'answered'],
    [[voted(bank), voted(shop), committed(bank), committed(shop)], 'commit', 'answered'],
    [[{ type: 'rollback-requested' }], 'rollback', 'outstanding'],
  ] as const)('after %j the decision is %s and the branch %s', (events, decision, branch) => {
    expect(knownBranch(recordAfter(...events), found('bank'))).toMatchObject({ decision, branch });
  });

  test('a branch that it does not have is absent', () => {
    const record = recordAfter(voted(bank), voted(shop));
    expect(knownBranch(record, found('stranger'))).toMatchObject({ branch: 'absent', state: '' });
  });

  test.each([
    [{ xid: '700', server: '1/1' }, '700', 'voted'],
    [{ xid: '700' }, '701', 'other'],
    [{ xid: '700' }, undefined, 'untold'],
    [{ xid: 700 }, '700', 'untold'],
    [{}, '700', 'untold'],
    [['700'], '700', 'untold'],
    [null, '700', 'untold'],
    [undefined, '700', 'untold'],
  ] as const)('with the vote %j, what is prepared as %s is the work that %s', (vote, id, work) => {
    const record = recordAfter(voted(bank, vote as Json | undefined));
    expect(knownBranch(record, found('bank', id))).toMatchObject({ work });
  });
});

describe('of a transaction that was not found', () => {
  const { name } = found('bank');

  test.each([
    [null, 'unheard-of'],
    [MADE_AT, 'unheard-of'],
    [MADE_AT + 1, 'forgotten'],
  ] as const)('where all before %s may be forgotten, it is %s', (before, type) => {
    expect(unknownBranch(name, before as Instant | null)).toEqual({ type });
  });

  test.each(['self-test-1', '01939f6c-7e01-4c4a-9d0e-3f1b2a6c8d55'])('%s has no date', (id) => {
    const named = { ...name, gtid: id as GlobalTransactionId };
    expect(unknownBranch(named, null)).toEqual({ type: 'undated' });
  });
});

test('whose name it is', () => {
  const { name } = found('bank');
  expect(originOf(undefined, cluster)).toBe('foreign');
  expect(originOf(name, cluster)).toBe('our-cluster');
  expect(originOf(name, 'ffffffff')).toBe('another-cluster');
  expect(originOf({ ...name, cluster: undefined }, cluster)).toBe('no-cluster');
});
