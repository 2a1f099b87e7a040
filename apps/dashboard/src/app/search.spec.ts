import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSearch, stringifySearch } from './search.js';

test('what is in the address comes out as it went in', () => {
  const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
  const search = fc.dictionary(name, fc.string({ minLength: 1 }));
  fc.assert(
    fc.property(search, (told) => {
      expect(parseSearch(stringifySearch(told))).toEqual({ ...told });
    }),
  );
});

test('a name without a value is not there', () => {
  expect(stringifySearch({ harm: '', stuck: undefined, paused: 'true' })).toBe('?paused=true');
  expect(parseSearch('?harm=&paused=true')).toEqual({ paused: 'true' });
});
