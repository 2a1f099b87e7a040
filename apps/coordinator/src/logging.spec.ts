import { expect, test } from 'vitest';
import { describeError } from './logging.js';

test('an error is logged with its causes, and without what a driver has hung on it', () => {
  const cause = Object.assign(new TypeError('deadlock'), {
    parameters: ['canary'],
    query: 'canary',
  });
  const described = describeError(new Error('the journal does not answer', { cause }));
  expect(described).toEqual({
    type: 'Error',
    message: 'the journal does not answer',
    stack: expect.stringContaining('logging.spec'),
    cause: { type: 'TypeError', message: 'deadlock', stack: expect.any(String) },
  });
  expect(JSON.stringify(described)).not.toContain('canary');
});

test('what is thrown and is no error is logged too', () => {
  expect(describeError('a word')).toEqual({ type: 'string', message: 'a word' });
  expect(describeError(undefined)).toEqual({ type: 'undefined', message: 'undefined' });
});
