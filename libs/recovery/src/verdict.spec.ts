import { describe, expect, test } from 'vitest';
import type { Knowledge, KnownBranch, OrphanPolicy, Origin, Sighting } from './verdict.js';
import { SCANS_MIN, verdictOn } from './verdict.js';

const AGE_MS = 1_000;
const leave: OrphanPolicy = { orphans: 'leave', orphanAgeMs: AGE_MS };
const rollBack: OrphanPolicy = { orphans: 'roll-back', orphanAgeMs: AGE_MS };
const old: Sighting = { scans: SCANS_MIN, ageMs: AGE_MS };

const unreadable: Knowledge = { type: 'unreadable' };
const unheardOf: Knowledge = { type: 'unheard-of' };
const forgotten: Knowledge = { type: 'forgotten' };
const undated: Knowledge = { type: 'undated' };

function known(
  decision: KnownBranch['decision'],
  branch: KnownBranch['branch'],
  more: Partial<KnownBranch> = {},
): KnownBranch {
  const state = branch === 'answered' ? 'acknowledged' : branch === 'absent' ? '' : 'prepared';
  return { type: 'known', protocol: '2pc', decision, branch, state, work: 'untold', ...more };
}

/** What is done, and what it is held for, in a word. */
function told(origin: Origin, knowledge: Knowledge, sighting: Sighting, policy: OrphanPolicy) {
  const { action, standing, reason } = verdictOn(origin, knowledge, sighting, policy);
  expect(reason).toMatch(/^[a-z].*[^.]$/);
  return `${standing}: ${action.type === 'finish' ? action.decision : action.type}`;
}

const everything: readonly Knowledge[] = [
  unreadable,
  unheardOf,
  forgotten,
  undated,
  ...(['undecided', 'commit', 'rollback'] as const).flatMap((decision) =>
    (['absent', 'outstanding', 'answered'] as const).map((branch) => known(decision, branch)),
  ),
];

describe('a prepared branch, whatever the policy and however long it has been there', () => {
  test.each([
    ['our-cluster', unreadable, 'in-doubt: leave'], // J2
    ['no-cluster', unreadable, 'in-doubt: leave'],
    ['our-cluster', known('undecided', 'outstanding'), 'in-doubt: leave'], // J3
    ['our-cluster', known('undecided', 'answered'), 'in-doubt: leave'],
    ['our-cluster', known('undecided', 'absent'), 'in-doubt: leave'],
    ['our-cluster', known('commit', 'outstanding'), 'in-doubt: ring'], // J4
    ['our-cluster', known('rollback', 'outstanding'), 'in-doubt: ring'],
    ['our-cluster', known('commit', 'answered'), 'reappeared: commit'], // J5
    ['our-cluster', known('rollback', 'answered'), 'reappeared: rollback'],
    ['no-cluster', known('commit', 'answered'), 'reappeared: commit'],
    ['no-cluster', known('rollback', 'answered'), 'reappeared: rollback'],
    ['our-cluster', known('commit', 'answered', { work: 'voted' }), 'reappeared: commit'],
    [
      'our-cluster',
      known('commit', 'answered', { state: 'heuristic-rollback' }),
      'reappeared: commit',
    ],
    [
      'our-cluster',
      known('rollback', 'answered', { state: 'heuristic-commit' }),
      'reappeared: rollback',
    ],
    ['our-cluster', known('rollback', 'answered', { state: 'refused' }), 'reappeared: rollback'],
    ['our-cluster', known('commit', 'answered', { protocol: '3pc' }), 'reappeared: commit'],
    ['our-cluster', known('commit', 'answered', { state: 'read-only' }), 'orphaned: leave'], // J6
    ['our-cluster', known('commit', 'answered', { work: 'other' }), 'orphaned: leave'],
    ['our-cluster', known('rollback', 'answered', { work: 'other' }), 'reappeared: rollback'],
    ['our-cluster', known('rollback', 'absent'), 'reappeared: rollback'], // J7
    ['our-cluster', known('commit', 'answered', { protocol: 'saga' }), 'orphaned: leave'], // J11
    ['our-cluster', known('commit', 'outstanding', { protocol: 'tcc' }), 'orphaned: leave'],
  ] as const)('%s, %j is %s', (origin, knowledge, verdict) => {
    for (const policy of [leave, rollBack]) {
      for (const sighting of [old, { scans: 1, ageMs: 0 }]) {
        expect(told(origin, knowledge, sighting, policy)).toBe(verdict);
      }
    }
  });

  test.each(['foreign', 'another-cluster'] as const)('is never touched if it is %s', (origin) => {
    for (const knowledge of everything) {
      expect(told(origin, knowledge, old, rollBack)).toBe('others: leave'); // J1
    }
  });
});

describe('an orphan', () => {
  test.each([
    ['our-cluster', unheardOf, 'orphaned: leave', 'orphaned: presume-abort'], // J8, J10
    ['our-cluster', forgotten, 'orphaned: leave', 'orphaned: leave'],
    ['our-cluster', undated, 'orphaned: leave', 'orphaned: leave'],
    ['no-cluster', unheardOf, 'orphaned: leave', 'orphaned: leave'],
    ['no-cluster', forgotten, 'orphaned: leave', 'orphaned: leave'],
    ['our-cluster', known('commit', 'absent'), 'orphaned: leave', 'orphaned: rollback'], // J7
    ['no-cluster', known('commit', 'absent'), 'orphaned: leave', 'orphaned: leave'],
    ['no-cluster', known('rollback', 'absent'), 'orphaned: leave', 'orphaned: leave'],
  ] as const)('%s, %j is %s; where the policy allows it %s', (origin, knowledge, left, rolled) => {
    expect(told(origin, knowledge, old, leave)).toBe(left);
    expect(told(origin, knowledge, old, rollBack)).toBe(rolled);
    for (const young of [
      { scans: SCANS_MIN - 1, ageMs: 10 * AGE_MS },
      { scans: 10 * SCANS_MIN, ageMs: AGE_MS - 1 },
    ]) {
      expect(told(origin, knowledge, young, rollBack)).toBe('in-doubt: leave'); // J9
    }
  });

  test('is rolled back, in all that there is, only with our cluster in its name', () => {
    const touched = (origin: Origin) =>
      everything.filter((knowledge) =>
        /rollback|presume/.test(told(origin, knowledge, old, rollBack)),
      );
    expect(touched('no-cluster')).toEqual([known('rollback', 'answered')]);
    expect(touched('our-cluster')).toHaveLength(4);
  });
});
