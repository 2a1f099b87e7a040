// Each checker finds a history that is wrong in one thing, and leaves one that is right alone.
import type { BranchDefinition } from '@concordat/engine';
import type { BranchId, Instant } from '@concordat/protocols';
import type {
  BranchHistory,
  Complaints,
  Effect,
  TransactionHistory,
  VersionHistory,
} from '@concordat/simulator';
import {
  bank,
  check,
  checkers,
  idempotency,
  isHonest,
  NO_EVIDENCE,
  simulate,
} from '@concordat/simulator';
import { beforeAll, describe, expect, test } from 'vitest';

const calls = { delivered: 2, duplicates: 0, staleAttempted: 0, staleAccepted: 0 };

/** A branch with these effects: `b1 prepared 1`, and so on, in this order. */
function branch(id: string, effects: string, change: Partial<BranchHistory> = {}): BranchHistory {
  const parsed = effects
    .split(', ')
    .filter((text) => text !== '')
    .map((text): Effect => {
      const [type, order] = text.split(' ');
      return { type: type as Effect['type'], order: Number(order) };
    });
  const rest = { dependsOn: [], pivot: false, amount: 0, breaches: [], calls };
  return { id, participant: 'p0', ...rest, effects: parsed, ...change };
}

function version(change: Partial<VersionHistory> = {}): VersionHistory {
  return {
    version: 1,
    phase: 'ended',
    decision: 'commit',
    outcome: 'committed',
    dueAt: null,
    stuck: false,
    state: '{}',
    outstanding: [],
    line: { events: [], opened: [] },
    isPaused: false,
    audit: [],
    definition: undefined,
    ...change,
  };
}

function history(change: Partial<TransactionHistory> = {}): TransactionHistory {
  return {
    gtid: 't1.1',
    protocol: '2pc',
    key: undefined,
    branches: [branch('b0', 'prepared 1, committed 3'), branch('b1', 'prepared 2, committed 4')],
    versions: [version()],
    told: [],
    acts: [],
    ...change,
  };
}

function definitionOf(id: string): BranchDefinition {
  const retry = { attemptsMax: null, firstDelayMs: 1, delayMaxMs: 1 };
  const rest = { payload: null, dependsOn: [], pivot: false, onePhase: false, timeoutMs: 1, retry };
  return { id: id as BranchId, participant: id, ...rest };
}

function complaintsOf(name: string, change: Partial<TransactionHistory>): Complaints {
  return checkers[name]?.(history(change)) ?? ['no such checker'];
}

const rolledBack = version({ decision: 'rollback', outcome: 'rolled-back' });

describe('atomicity', () => {
  test('one has committed, one has rolled back', () => {
    const branches = [
      branch('b0', 'prepared 1, committed 3'),
      branch('b1', 'prepared 2, rolled-back 4'),
    ];
    const complaint = 't1.1: b0 has committed and b1 has rolled back';
    expect(complaintsOf('atomicity', { branches })).toEqual([complaint]);
    const broken = { breaches: ['heuristic-rollback'] };
    const forced = [branch('b0', 'committed 3'), branch('b1', 'rolled-back 4', broken)];
    expect(complaintsOf('atomicity', { branches: forced })).toEqual([]);
  });

  test('one has committed without the promise of another', () => {
    const branches = [branch('b0', 'prepared 1, committed 2'), branch('b1', '')];
    const complaint = 't1.1: b0 has committed without the promise of b1';
    expect(complaintsOf('atomicity', { branches })).toEqual([complaint]);
  });
});

describe('decisions', () => {
  test.each([
    ['the journal changes its mind', { versions: [version(), rolledBack] }, 'version 1 says'],
    [
      'an initiator is told otherwise',
      { told: [{ whom: 'initiator', decision: 'rollback', outcome: undefined }] },
      'an initiator was told rollback',
    ],
    [
      'two participants are told otherwise',
      {
        versions: [],
        told: [
          { whom: 'participant', decision: 'commit', outcome: undefined },
          { whom: 'participant', decision: 'rollback', outcome: undefined },
        ],
      },
      'a participant was told commit, a participant was told rollback',
    ],
    [
      'what was known is not',
      { told: [{ whom: 'initiator', decision: 'unknown', outcome: undefined }] },
      'it was known',
    ],
    [
      'another outcome is told',
      { told: [{ whom: 'initiator', decision: 'commit', outcome: 'heuristic-mixed' }] },
      'heuristic-mixed',
    ],
  ] as const)('%s', (_, change, complaint) => {
    const complaints = complaintsOf('decisions', change);
    expect(complaints.join()).toContain(complaint);
  });
});

describe('a saga', () => {
  const saga = (branches: readonly BranchHistory[], last = rolledBack): Complaints =>
    complaintsOf('saga', { protocol: 'saga', branches, versions: [last] });
  const after = { dependsOn: ['b0'] };

  test.each([
    ['a step came too early', [branch('b0', 'committed 2'), branch('b1', 'committed 1', after)]],
    [
      'was compensated in the wrong order',
      [
        branch('b0', 'committed 1, rolled-back 3'),
        branch('b1', 'committed 2, rolled-back 4', after),
      ],
    ],
    ['a step was compensated and never done', [branch('b0', 'rolled-back 1')]],
    [
      'was compensated past its pivot',
      [
        branch('b0', 'committed 1, rolled-back 3'),
        branch('b1', 'committed 2, rolled-back 2.5', { pivot: true }),
      ],
    ],
    ['is rolled back, and a step stands', [branch('b0', 'committed 1')]],
  ])('%s', (_, branches) => {
    expect(saga(branches)).not.toEqual([]);
  });

  test('is committed, and a step is not done', () => {
    const complaints = saga([branch('b0', 'committed 1'), branch('b1', '', after)], version());
    expect(complaints).toEqual(['t1.1: it is committed, and b1 is not done']);
  });

  test('as it should be', () => {
    const order = [
      branch('b0', 'committed 1, rolled-back 4'),
      branch('b1', 'committed 2, rolled-back 3', after),
    ];
    expect(saga(order)).toEqual([]);
  });
});

describe('effects', () => {
  test.each([
    ['b0 was committed twice', branch('b0', 'prepared 1, committed 2, committed 3')],
    ['b0 has committed and rolled back', branch('b0', 'committed 2, rolled-back 3')],
    ['b0 has obeyed 1 stale calls', branch('b0', '', { calls: { ...calls, staleAccepted: 1 } })],
  ])('%s', (complaint, one) => {
    expect(complaintsOf('effects', { branches: [one] })).toEqual([`t1.1: ${complaint}`]);
  });
});

describe('endings', () => {
  const rolledBackBranch = branch('b0', 'prepared 1, rolled-back 2');

  test.each([
    [
      'has not ended',
      { versions: [version({ phase: 'committing', outcome: undefined, dueAt: 1 })] },
    ],
    ['is still held', { branches: [branch('b0', 'prepared 1')], versions: [rolledBack] }],
    ['it is committed, and b0 is', { branches: [rolledBackBranch] }],
    ['it is rolled-back, and b0 is', { versions: [rolledBack] }],
    [
      'no participant has acted on its own',
      { versions: [version({ outcome: 'heuristic-mixed' })] },
    ],
    ['and b0 defied', { branches: [{ ...rolledBackBranch, breaches: ['heuristic-rollback'] }] }],
  ] as const)('%s', (complaint, change) => {
    expect(complaintsOf('endings', change).join()).toContain(complaint);
  });

  test('what a person did to a branch that the journal never heard of is not held against it', () => {
    const byHand = branch('b1', 'prepared 2, committed 3', { breaches: ['heuristic-commit'] });
    const change = { branches: [rolledBackBranch, byHand], versions: [rolledBack] };
    expect(complaintsOf('endings', change)).toEqual(['t1.1: it is rolled-back, and b1 defied']);
    const definition = {
      protocol: '2pc',
      name: null,
      metadata: {},
      traceparent: null,
      branches: [definitionOf('b0')],
      begunAt: 0 as Instant,
      deadlineAt: 0 as Instant,
    } as const;
    const presumed = { ...rolledBack, definition };
    expect(complaintsOf('endings', { ...change, versions: [presumed] })).toEqual([]);
  });

  test('nor what left no evidence, unless its vote was heard', () => {
    const breaches = ['heuristic-commit', NO_EVIDENCE];
    const unseen = branch('b1', 'prepared 2, committed 3', { breaches });
    const change = { branches: [rolledBackBranch, unseen], versions: [rolledBack] };
    expect(complaintsOf('endings', change)).toEqual([]);
    const call = { branch: 'b1' as BranchId, operation: 'prepare' } as const;
    const vote = { type: 'replied', call, reply: { type: 'prepared' } } as const;
    const heard = { ...rolledBack, line: { events: [vote], opened: [] } };
    const complaints = complaintsOf('endings', { ...change, versions: [heard] });
    expect(complaints).toEqual(['t1.1: it is rolled-back, and b1 defied']);
  });
});

test('to have left no evidence excuses nobody whom no person has meddled with', () => {
  const other = branch('b0', 'prepared 1, rolled-back 2');
  const unseen = branch('b1', 'prepared 2, committed 3', { breaches: [NO_EVIDENCE] });
  const change = { branches: [other, unseen], versions: [rolledBack] };
  expect(complaintsOf('atomicity', change)).toEqual([
    't1.1: b1 has committed and b0 has rolled back',
  ]);
  expect(complaintsOf('endings', change)).toEqual([
    't1.1: it is rolled-back, and b1 is prepared, committed',
  ]);
});

describe('the bank', () => {
  const moved = history({
    branches: [
      branch('b0', 'prepared 1, committed 3', { amount: -5 }),
      branch('b1', 'prepared 2, committed 4', { amount: 5 }),
    ],
  });

  test('money is made', () => {
    expect(bank({ before: 100, after: 100 }, [moved])).toEqual([]);
    const complaint = 'the banks hold 105, and should hold 100';
    expect(bank({ before: 100, after: 105 }, [moved])).toEqual([complaint]);
  });

  test('a key begins two transactions', () => {
    const twins = [history({ key: 'k' }), history({ key: 'k', gtid: 't1.2' })];
    expect(idempotency(twins)).toEqual(['k has begun both t1.1 and t1.2']);
  });
});

describe('the journal', () => {
  let good: TransactionHistory;
  beforeAll(async () => {
    const { transactions } = await simulate(3);
    const long = transactions.find(({ versions }) => versions.length > 3);
    if (long === undefined) throw new Error('no transaction of this seed has four versions');
    good = long;
  });
  const complaints = (change: (versions: VersionHistory[]) => VersionHistory[]): string =>
    complaintsOf('journal', { ...good, versions: change([...good.versions]) }).join();

  test('as it was written', () => {
    expect(complaints((versions) => versions)).toBe('');
  });

  test('a version is missing', () => {
    expect(complaints((versions) => versions.toSpliced(1, 1))).toContain('stands where 2 should');
  });

  test('an event is missing', () => {
    const line = { events: [], opened: [] };
    const without = complaints(([first, second, ...rest]) =>
      first && second ? [first, { ...second, line }, ...rest] : [],
    );
    expect(without).toContain('do not lead to version 2');
  });

  test('what was opened is missing', () => {
    const opening = good.versions.findIndex(({ line }) => line.opened.length > 0);
    const without = complaints((versions) =>
      versions.map((one, index) =>
        index === opening ? { ...one, line: { ...one.line, opened: [] } } : one,
      ),
    );
    expect(without).toContain('opened other calls');
  });

  test('it has ended and is due, or has not and is not', () => {
    const due = complaints((versions) => versions.map((one) => ({ ...one, dueAt: 1 })));
    expect(due).toContain('is ended and due at 1');
    const notDue = complaints((versions) => versions.map((one) => ({ ...one, dueAt: null })));
    expect(notDue).toContain('and due at null');
  });

  test('two calls for one branch', () => {
    const outstanding = ['commit:b0', 'rollback:b0'];
    const two = complaints((versions) => versions.map((one) => ({ ...one, outstanding })));
    expect(two).toContain('has two calls for one branch');
  });
});

test('a run is checked as a whole', async () => {
  const { transactions: all } = await simulate(3);
  const transactions = all.filter(({ branches }) => branches.every(isHonest));
  expect(transactions.length).toBeGreaterThan(10);
  expect(check(transactions, { before: 0, after: 0 })).toEqual([]);
  expect(check(transactions, { before: 0, after: 1 })).not.toEqual([]);
});

describe('interventions', () => {
  const paused = version({
    audit: ['act 1'],
    line: { events: [{ type: 'paused' }], opened: [] },
  });
  const told = (isDone: boolean) => [{ act: 'act 1', isDone }];

  test('what a person was told was done is there once, with its audit line', () => {
    expect(complaintsOf('interventions', { acts: told(true), versions: [paused] })).toEqual([]);
    const missing = complaintsOf('interventions', { acts: told(true) });
    expect(missing.join()).toContain('act 1 was done, and it is there 0 times');
    const twice = { acts: told(true), versions: [paused, { ...paused, version: 2 }] };
    expect(complaintsOf('interventions', twice).join()).toContain('2 times');
  });

  test('what a person was told was not done is not there', () => {
    const complaints = complaintsOf('interventions', { acts: told(false), versions: [paused] });
    expect(complaints.join()).toContain('act 1 was not done, and it is there 1 times');
  });

  test('no audit line is without an act', () => {
    const versions = [version({ audit: ['act 1'] })];
    expect(complaintsOf('interventions', { versions }).join()).toContain(
      '1 audit lines for 0 acts',
    );
  });
});
