import { expect, test } from 'vitest';
import type { Fitness } from './fitness.js';
import { unfitness } from './fitness.js';

const fit: Fitness = {
  version: 150_018,
  in_recovery: false,
  read_only: false,
  synchronous_commit: 'on',
};

test('a primary that waits for its commits can keep decisions', () => {
  for (const synchronous_commit of ['on', 'remote_write', 'remote_apply']) {
    expect(unfitness({ ...fit, synchronous_commit })).toBeUndefined();
  }
});

test.each([
  [{ version: 140_012 }, 'PostgreSQL 14 is older than 15'],
  [{ in_recovery: true }, 'standby'],
  [{ read_only: true }, 'read-only'],
  [{ synchronous_commit: 'off' }, 'synchronous_commit is off'],
  [{ synchronous_commit: 'local' }, 'synchronous_commit is local'],
])('%o cannot', (flaw, reason) => {
  expect(unfitness({ ...fit, ...flaw })).toContain(reason);
});
