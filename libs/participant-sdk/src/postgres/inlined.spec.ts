import { describe, expect, test } from 'vitest';
import { inlined } from './inlined.js';

describe('values in the text of a statement', () => {
  test('are written where their parameters stand', () => {
    const gid = 'concordat:0190-a:b_c.d';
    expect(inlined('select $2, $1, $2 + 1', [gid, 7])).toBe(`select 7, '${gid}', 7 + 1`);
  });

  test('are written in digits, however large they are', () => {
    expect(inlined('select $1', [1e21])).toBe('select 1000000000000000000000');
  });

  test.each([[`a'b`], ['a\\b'], ['$1'], ['a b'], ['a;b'], ['ä'], ['a\n'], [''], ['a'.repeat(200)]])(
    'are never %j',
    (text) => {
      expect(() => inlined('select $1', [text])).toThrow('ids are well-formed');
    },
  );

  test.each([[0.5], [Number.NaN], [Infinity]])('are never the number %d', (number) => {
    expect(() => inlined('select $1', [number])).toThrow('integer');
  });

  test('are all there', () => {
    expect(() => inlined('select $1, $2', [1])).toThrow('every parameter has a value');
  });
});
