// Who shares a look with whom, and what becomes of one that fails.
import { expect, test } from 'vitest';
import { SharedLooks } from './shared-looks.js';

/** Looks that end when they are told to. */
function held() {
  const looks = Array.from({ length: 5 }, () => ({
    begun: Promise.withResolvers<void>(),
    ends: Promise.withResolvers<string>(),
  }));
  const at: string[] = [];
  const shared = new SharedLooks((key: string) => {
    const look = looks[at.length];
    at.push(key);
    look?.begun.resolve();
    return look?.ends.promise ?? Promise.reject(new Error('too many'));
  });
  const end = async (n: number, how: string | Error): Promise<void> => {
    await looks[n]?.begun.promise;
    if (typeof how === 'string') looks[n]?.ends.resolve(how);
    else looks[n]?.ends.reject(how);
  };
  return { shared, at, end, begun: (n: number) => looks[n]?.begun.promise };
}

test('ten who ask at once are told by two looks: the second begins when the first is over', async () => {
  const { shared, at, end } = held();
  const asked = Array.from({ length: 10 }, () => shared.ask('a'));
  expect(at).toEqual(['a']);
  await end(0, 'before');
  await end(1, 'after');
  const told = await Promise.all(asked);
  expect(told).toEqual(['before', ...Array.from({ length: 9 }, () => 'after')]);
  expect(at).toEqual(['a', 'a']);
});

test('who comes while a shared look is under way waits for another', async () => {
  const { shared, at, end, begun } = held();
  const [first, second] = [shared.ask('a'), shared.ask('a')];
  await end(0, 'one');
  await begun(1);
  const third = shared.ask('a');
  expect(at).toHaveLength(2);
  await end(1, 'two');
  await end(2, 'three');
  expect(await Promise.all([first, second, third])).toEqual(['one', 'two', 'three']);
});

test('nobody waits for a look at something else, nor for one that is over', async () => {
  const { shared, at, end } = held();
  const [first, other] = [shared.ask('a'), shared.ask('b')];
  expect(at).toEqual(['a', 'b']);
  await end(0, 'of a');
  await end(1, 'of b');
  expect(await Promise.all([first, other])).toEqual(['of a', 'of b']);
  const again = shared.ask('a');
  expect(at).toEqual(['a', 'b', 'a']);
  await end(2, 'of a again');
  expect(await again).toBe('of a again');
});

test('a look that fails has failed for those who share it, and the next is made', async () => {
  const { shared, at, end } = held();
  const asked = [shared.ask('a'), shared.ask('a'), shared.ask('a')];
  const told = Promise.allSettled(asked);
  await end(0, new Error('the journal is away'));
  await end(1, 'seen');
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  const after = shared.ask('a');
  expect(at).toHaveLength(3);
  await end(2, 'seen again');
  expect(await after).toBe('seen again');
});
