import { describe, expect, test } from 'vitest';
import type { HarmCase } from './harm.js';
import { compareHarm, harmOf } from './harm.js';

const fine: HarmCase = {
  protocol: '2pc',
  decision: 'undecided',
  outcome: undefined,
  isForgotten: false,
  stuck: false,
  paused: false,
  sessionsBlocked: 0,
};

describe('harm', () => {
  test.each<[string, Partial<HarmCase>, ReturnType<typeof harmOf>]>([
    ['what goes its way', {}, null],
    ['what has committed', { decision: 'commit', outcome: 'committed' }, null],
    ['a step that stays done', { protocol: 'saga', outcome: 'partly-compensated' }, 'heuristic'],
    ['the same, seen to', { outcome: 'partly-compensated', isForgotten: true }, null],
    ['a heuristic', { decision: 'commit', outcome: 'heuristic-mixed' }, 'heuristic'],
    ['a heuristic that was seen to', { outcome: 'heuristic-hazard', isForgotten: true }, null],
    ['decided and stuck', { decision: 'commit', stuck: true }, 'in-doubt-decided'],
    ['rolling back and stuck', { decision: 'rollback', stuck: true }, 'in-doubt-decided'],
    ['undecided and stuck', { stuck: true }, 'in-doubt-undecided'],
    ['3pc likewise', { protocol: '3pc', stuck: true }, 'in-doubt-undecided'],
    ['a step', { protocol: 'saga', stuck: true }, 'step-stuck'],
    [
      'a compensation',
      { protocol: 'saga', decision: 'rollback', stuck: true },
      'compensation-stuck',
    ],
    ['a confirmation', { protocol: 'tcc', decision: 'commit', stuck: true }, 'step-stuck'],
    [
      'a cancellation',
      { protocol: 'tcc', decision: 'rollback', stuck: true },
      'compensation-stuck',
    ],
    ['what a person holds back', { paused: true }, 'paused'],
    ['what is stuck and held back', { stuck: true, paused: true }, 'in-doubt-undecided'],
    ['what blocks, stuck or not', { sessionsBlocked: 1 }, 'blocking'],
    ['what blocks and is held back', { paused: true, sessionsBlocked: 3 }, 'blocking'],
    ['an ended one blocks nobody', { outcome: 'committed', sessionsBlocked: 1 }, null],
  ])('of %s', (_, change, harm) => {
    expect(harmOf({ ...fine, ...change })).toBe(harm);
  });

  test('the worst comes first', () => {
    const given = ['paused', 'blocking', 'step-stuck', 'heuristic'] as const;
    expect([...given].sort(compareHarm)).toEqual(['heuristic', 'blocking', 'step-stuck', 'paused']);
  });
});
