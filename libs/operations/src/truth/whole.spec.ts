import type { Decision, ProtocolName } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import type { BranchCase } from './verdict.js';
import { judge } from './verdict.js';
import { judgeWhole } from './whole.js';

type Branch = readonly [name: string, state: string, observed: BranchCase['observed']];

function whole(
  protocol: ProtocolName,
  decision: Decision,
  phase: string,
  ...branches: readonly Branch[]
) {
  return judgeWhole({
    protocol,
    decision,
    phase,
    branches: branches.map(([branch, state, observed]) => {
      const plain = { protocol, decision, phase, state, observed, isPaused: false };
      const found = { ...plain, word: 'its-own' as const, isMoving: false, outstanding: undefined };
      return { branch, observed, isOutstanding: false, judgement: judge(found) };
    }),
  });
}

describe('the verdict on a transaction', () => {
  test('is that on its worst branch, by name', () => {
    const verdict = whole(
      '2pc',
      'commit',
      'committing',
      ['stock', 'acknowledged', 'committed'],
      ['bank', 'prepared', 'rolled-back'],
      ['mail', 'prepared', 'prepared'],
    );
    expect(verdict).toMatchObject({ severity: 'danger', code: 'ended-against-decision' });
    expect(verdict.summary).toMatch(/^bank: The decision is COMMIT, .* 2 of 3 branches/);
  });

  test('is fine if all are, and says how many could not be asked again', () => {
    const verdict = whole(
      '2pc',
      'commit',
      'ended',
      ['stock', 'acknowledged', 'committed'],
      ['bank', 'acknowledged', 'unreachable'],
    );
    expect(verdict).toMatchObject({ severity: 'fine', safe: [] });
    expect(verdict.consequence).toMatch(/1 of them could not be asked again/);
  });

  test('is that atomicity is broken where two branches have ended differently', () => {
    const verdict = whole(
      '3pc',
      'undecided',
      'electing',
      ['stock', 'prepared', 'committed'],
      ['bank', 'prepared', 'rolled-back'],
    );
    expect(verdict).toMatchObject({ severity: 'danger', code: 'split' });
    expect(verdict.summary).toBe('stock has committed, and bank was rolled back.');
  });

  test('is not that of a saga which goes back: it is undone step by step', () => {
    const verdict = whole(
      'saga',
      'rollback',
      'backward',
      ['stock', 'compensating', 'committed'],
      ['bank', 'compensated', 'rolled-back'],
    );
    expect(verdict).toMatchObject({ severity: 'wait', code: 'awaits-order' });
  });

  test('does not count a branch that took no part', () => {
    const verdict = whole(
      '2pc',
      'rollback',
      'rolling-back',
      ['stock', 'refused', 'rolled-back'],
      ['bank', 'prepared', 'prepared'],
    );
    expect(verdict).toMatchObject({ severity: 'wait', code: 'awaits-order' });
  });

  test('of no branches at all is fine', () => {
    expect(whole('2pc', 'undecided', 'active')).toMatchObject({
      severity: 'fine',
      summary: 'Nothing is decided, and nothing is outstanding.',
    });
  });
});
