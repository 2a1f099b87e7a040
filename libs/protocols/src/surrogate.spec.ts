import { describe, expect, test } from 'vitest';
import type { Call, Reply, Standing } from './machine.js';
import type { Surrogate } from './surrogate.js';
import { standIn, surrogateCalls, surrogateHears } from './surrogate.js';
import type { BranchId } from './vocabulary.js';

const [a, b, c] = ['a', 'b', 'c'] as [BranchId, BranchId, BranchId];
const roster = [a, b, c];
const acknowledged: Reply = { type: 'acknowledged' };

const ready = (lastElected: number): Standing => ({ state: 'ready', lastElected, lastAttempt: 0 });
const stands = (standing: Standing): Reply => ({ type: 'standing', standing });

/** What is outstanding, in short: `elect@2:b`. */
function toldOf(state: Surrogate): readonly string[] {
  return surrogateCalls(state).map(
    ({ branch, operation, ballot }) =>
      `${operation}${ballot === undefined ? '' : `@${ballot}`}:${branch}`,
  );
}

/** What comes of `reply` to the call that is outstanding for `branch`. */
function hears(state: Surrogate, branch: BranchId, reply: Reply): Surrogate {
  const call = surrogateCalls(state).find((one) => one.branch === branch);
  if (call === undefined) throw new Error(`nothing is outstanding for ${branch}`);
  return surrogateHears(state, call, reply);
}

/** b, at ballot 2, which it has promised itself. */
const running = hears(standIn(roster, b, ready(0)), b, stands(ready(2)));

test('it elects itself first (S1), at a ballot of its own', () => {
  expect(toldOf(standIn(roster, b, ready(0)))).toEqual(['elect@2:b']);
  expect(toldOf(standIn(roster, b, ready(2)))).toEqual(['elect@6:b']);
  expect(toldOf(standIn(roster, a, ready(2)))).toEqual(['elect@5:a']);
  expect(toldOf(running)).toEqual(['elect@2:a', 'elect@2:c']);
});

test('it says that all have voted if it has obeyed a pre-commit, and only then', () => {
  const votedOf = (own: Standing) =>
    surrogateCalls(standIn(roster, b, own)).map(({ voted }) => voted);
  expect(votedOf(ready(0))).toEqual([undefined]);
  expect(votedOf({ state: 'pre-committed', lastElected: 0, lastAttempt: 0 })).toEqual([true]);
  expect(votedOf({ state: 'pre-aborted', lastElected: 1, lastAttempt: 1 })).toEqual([undefined]);
});

describe('with a quorum', () => {
  test('of whom nobody has attempted anything, it aborts', () => {
    let state = hears(running, c, stands(ready(2)));
    expect(toldOf(state)).toEqual(['elect@2:a', 'pre-abort@2:b', 'pre-abort@2:c']);
    state = hears(hears(state, b, acknowledged), c, acknowledged);
    expect(toldOf(state)).toEqual(['abort:a', 'abort:b', 'abort:c']);
    state = hears(hears(hears(state, b, acknowledged), c, acknowledged), a, acknowledged);
    expect(state.phase).toBe('over');
    expect(toldOf(state)).toEqual([]);
  });

  test('of whom one has pre-committed, it commits', () => {
    const preCommitted: Standing = { state: 'pre-committed', lastElected: 2, lastAttempt: 0 };
    let state = hears(running, c, stands(preCommitted));
    expect(toldOf(state)).toEqual(['elect@2:a', 'pre-commit@2:b', 'pre-commit@2:c']);
    state = hears(hears(state, b, acknowledged), c, acknowledged);
    expect(toldOf(state)).toEqual(['do-commit:a', 'do-commit:b', 'do-commit:c']);
  });
});

test('who knows the decision is believed at once, and is not told it', () => {
  const state = hears(running, c, stands({ state: 'committed', lastElected: 0, lastAttempt: 0 }));
  expect(toldOf(state)).toEqual(['do-commit:a', 'do-commit:b']);
  const other = hears(running, c, stands({ state: 'aborted', lastElected: 2, lastAttempt: 0 }));
  expect(toldOf(other)).toEqual(['abort:a', 'abort:b']);
});

test('it gives way to a higher ballot (S2), its own promise included', () => {
  expect(hears(running, c, stands(ready(3))).phase).toBe('over');
  expect(hears(standIn(roster, b, ready(0)), b, stands(ready(3))).phase).toBe('over');
});

test('a contradiction is not told twice: whose word it is, its coordinator hears it', () => {
  const state = hears(running, c, stands({ state: 'committed', lastElected: 0, lastAttempt: 0 }));
  const after = hears(state, a, { type: 'heuristic-rollback' });
  expect(toldOf(after)).toEqual(['do-commit:b']);
});

test('what says nothing new leaves the very same state', () => {
  const [own] = surrogateCalls(standIn(roster, b, ready(0))) as [Call];
  const state = standIn(roster, b, ready(0));
  expect(surrogateHears(state, own, { type: 'prepared' })).toBe(state);
  expect(surrogateHears(state, own, stands(ready(1)))).toBe(state);
});

test('who is not in doubt, or not on the roster, does not stand in', () => {
  expect(() => standIn(roster, 'd' as BranchId, ready(0))).toThrow('on the roster');
  const committed: Standing = { state: 'committed', lastElected: 0, lastAttempt: 0 };
  expect(() => standIn(roster, a, committed)).toThrow('nothing to ask');
});
