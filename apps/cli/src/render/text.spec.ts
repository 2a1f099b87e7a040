// What others have written, as it stands on a terminal.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleaned, cleanJson, cleanText, cut, padded, widthOf, wrapped } from './text.js';

describe('text from elsewhere', () => {
  test('moves no cursor, sets no colour and hides nothing', () => {
    expect(cleanText('\u001b[2Jgone\u001b[0m')).toBe('\\u001b[2Jgone\\u001b[0m');
    expect(cleanText('pay\u202eevil')).toBe('pay\\u202eevil');
    expect(cleanText('select 1\n  from t')).toBe('select 1   from t');
    const unit = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(fc.property(unit, (text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(cleanText(text))));
  });

  test('is cleaned in every corner of a view, its keys included', () => {
    const view = { 'a\u0007': ['\u001b', { n: 1, none: null }] };
    expect(cleaned(view)).toEqual({ 'a\\u0007': ['\\u001b', { n: 1, none: null }] });
  });

  test('stays the same JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = cleanJson(value, 2);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
    const hidden = { text: '\u009b31m\u202e' };
    expect(JSON.parse(cleanJson(hidden))).toEqual(hidden);
    expect(cleanJson(hidden)).toBe('{"text":"\\u009b31m\\u202e"}');
  });
});

describe('widths', () => {
  test.each([
    ['teapot', 6],
    ['茶壺', 4],
    ['🫖', 2],
    ['e\u0301', 1],
  ])('%s takes %i columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  test('what is cut is no wider than asked, and shows that it is cut', () => {
    expect(cut('teapots', 7)).toBe('teapots');
    expect(cut('teapots', 5)).toBe('teap…');
    expect(cut('茶壺茶壺', 6)).toBe('茶壺…');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 9 }), (text, max) => {
        expect(widthOf(cut(text, max))).toBeLessThanOrEqual(max);
      }),
    );
  });

  test('what is padded ends where it should', () => {
    expect(padded('茶', 4)).toBe('茶  ');
    expect(padded('7', 3, 'right')).toBe('  7');
  });
});

describe('a sentence', () => {
  test('is broken between words, and loses none', () => {
    expect(wrapped('one two three', 9, '  ')).toEqual(['  one two', '  three']);
    expect(wrapped('unbreakable', 4)).toEqual(['unbreakable']);
  });

  test('is not broken where there is no terminal', () => {
    expect(wrapped('one two three', undefined, '  ')).toEqual(['  one two three']);
  });
});
