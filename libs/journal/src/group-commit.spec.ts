import { JournalUnavailable } from '@concordat/engine';
import { describe, expect, test } from 'vitest';
import { StatementRolledBack } from './database.js';
import type { GroupCommitLimits } from './group-commit.js';
import { GroupCommit } from './group-commit.js';

const LIMITS: GroupCommitLimits = {
  itemsPerFlushMax: 3,
  charactersPerFlushMax: 100,
  waitingMax: 10,
};

/** A group commit of words whose flushes are kept, and fail if `fail` returns an error. */
function wordsWritten(fail: (words: readonly string[]) => Error | undefined = () => undefined) {
  const flushes: string[][] = [];
  const commits = new GroupCommit<string, string>(
    {
      flush: (words) => {
        flushes.push([...words]);
        const error = fail(words);
        if (error !== undefined) return Promise.reject(error);
        return Promise.resolve(words.map((word) => word.toUpperCase()));
      },
      charactersIn: (word) => word.length,
    },
    LIMITS,
  );
  const submitAll = (words: readonly string[]) =>
    Promise.allSettled(words.map((word) => commits.submit(word)));
  return { commits, flushes, submitAll };
}

const rolledBack = new StatementRolledBack('bad data', '22P02', {});
const lost = new JournalUnavailable('connection lost');

describe('G1: what is asked for together is written together', () => {
  test('a lone item is a flush of its own', async () => {
    const { commits, flushes } = wordsWritten();
    expect(await commits.submit('a')).toBe('A');
    expect(flushes).toEqual([['a']]);
  });

  test('what has arrived goes into one flush, up to its bound, in order', async () => {
    const { flushes, submitAll } = wordsWritten();
    const answers = await submitAll(['a', 'b', 'c', 'd']);
    expect(answers.map((answer) => answer.status === 'fulfilled' && answer.value)).toEqual([
      'A',
      'B',
      'C',
      'D',
    ]);
    expect(flushes).toEqual([['a', 'b', 'c'], ['d']]);
  });

  test('a flush is bounded in size too, and an item larger than that goes alone', async () => {
    const { flushes, submitAll } = wordsWritten();
    const large = 'x'.repeat(LIMITS.charactersPerFlushMax + 1);
    await submitAll(['a', 'b', large, 'c']);
    expect(flushes).toEqual([['a', 'b'], [large], ['c']]);
  });

  test('one flush at a time, and idle once there is none', async () => {
    const { commits, flushes, submitAll } = wordsWritten();
    await commits.idle();
    const submitted = submitAll(['a', 'b', 'c', 'd', 'e']);
    await commits.idle();
    expect(flushes.flat()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await submitted;
  });
});

describe('G2: one bad item fails alone, an unknown fate fails all', () => {
  test('a batch that was rolled back is done again item by item', async () => {
    const { flushes, submitAll } = wordsWritten((words) =>
      words.includes('bad') ? rolledBack : undefined,
    );
    const answers = await submitAll(['a', 'bad', 'b']);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(flushes).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
  });

  test('a batch whose fate is not known is not repeated', async () => {
    const { flushes, submitAll } = wordsWritten(() => lost);
    const answers = await submitAll(['a', 'b']);
    expect(answers).toEqual([1, 2].map(() => ({ status: 'rejected', reason: lost })));
    expect(flushes).toEqual([['a', 'b']]);
  });

  test('once the journal is lost, the rest of a batch is not tried', async () => {
    const { flushes, submitAll } = wordsWritten((words) => (words.length > 1 ? rolledBack : lost));
    const answers = await submitAll(['a', 'b', 'c']);
    expect(answers).toEqual([1, 2, 3].map(() => ({ status: 'rejected', reason: lost })));
    expect(flushes).toEqual([['a', 'b', 'c'], ['a']]);
  });

  test('the next batch is tried again', async () => {
    let failures = 1;
    const { commits, submitAll } = wordsWritten(() => (failures-- > 0 ? lost : undefined));
    await submitAll(['a']);
    expect(await commits.submit('b')).toBe('B');
  });
});

test('G3: past its bound, the queue refuses', async () => {
  const { submitAll } = wordsWritten();
  const answers = await submitAll(Array.from({ length: LIMITS.waitingMax + 2 }, String));
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(2);
  expect(refused[0]).toMatchObject({ reason: expect.any(JournalUnavailable) });
});
