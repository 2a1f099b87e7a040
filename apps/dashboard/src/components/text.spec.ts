import { expect, test } from 'vitest';
import { legible, sentence } from './text.js';

test.each([
  ['it is prepared in alfa-db', 'It is prepared in alfa-db.'],
  ['Nobody tells its participant.', 'Nobody tells its participant.'],
  ['is it so?', 'Is it so?'],
])('what the server says within a sentence is one: "%s"', (text, told) => {
  expect(sentence(text)).toBe(told);
});

test('evidence that has only texts and numbers is read line by line', () => {
  const evidence = { askedBy: 'maria', outcome: 'rollback', tries: 2 };
  expect(legible(evidence)).toBe('asked by: maria\noutcome: rollback\ntries: 2');
});

test('what has parts of its own stays JSON, and a text stays as it is', () => {
  expect(JSON.parse(legible({ seen: { at: 'alfa' } }))).toEqual({ seen: { at: 'alfa' } });
  expect(legible([1])).toBe('[\n  1\n]');
  expect(legible({})).toBe('{}');
  expect(legible('{"a":1}')).toBe('{"a":1}');
});
