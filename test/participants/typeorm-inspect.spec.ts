// A service that keeps its things with TypeORM says how its branches stand, like any other.
import { describe, expect, test } from 'vitest';
import { inspected } from '../barrier/inspecting.js';
import { onMariadb, onPostgres } from './typeorm-services.js';

const onEach = [await onPostgres(), await onMariadb()];

describe.each(onEach)('on $name', ({ url, branch }) => {
  test('a step is executed, and then compensated', async () => {
    const step = branch('saga');
    expect((await inspected(url, 'saga', step.gtid)).state).toBe('absent');
    await step.call('execute', 1);
    expect((await inspected(url, 'saga', step.gtid)).state).toBe('committed');
    await step.call('compensate', 2);
    expect((await inspected(url, 'saga', step.gtid)).state).toBe('rolled-back');
  });

  test('a branch is prepared, and then committed', async () => {
    const kept = branch('2pc');
    await kept.call('prepare', 1);
    expect((await inspected(url, '2pc', kept.gtid)).state).toBe('prepared');
    await kept.call('commit', 2);
    expect((await inspected(url, '2pc', kept.gtid)).state).toBe('committed');
  });
});

test('3PC says so as well, where it is spoken', async () => {
  const states = await Promise.all(
    onEach.map(({ url, branch }) => inspected(url, '3pc', branch('saga').gtid)),
  );
  expect(states.map(({ state }) => state)).toEqual(['absent', 'unknown']);
});
