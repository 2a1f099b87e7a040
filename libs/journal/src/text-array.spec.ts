import { expect, test } from 'vitest';
import { arrayLiteral, textArray } from './text-array.js';

test('a text array is a header, then each item with its length in bytes', () => {
  const hex = (word: number) => word.toString(16).padStart(8, '0');
  const expected = [1, 1, 25, 3, 1].map(hex).join('') + `${hex(2)}c3a4` + hex(0xffffffff) + hex(0);
  expect(textArray(['ä', null, '']).toString('hex')).toBe(expected);
});

test('an array literal escapes what would end its items', () => {
  expect(arrayLiteral(['bank', 'a"b\\c', '{,}'])).toBe('{"bank","a\\"b\\\\c","{,}"}');
});
