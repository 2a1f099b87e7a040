import type { GlobalTransactionId } from '@concordat/protocols';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cursorAfter, gtidAt } from './cursor.js';
import { BadCursor } from './errors.js';

test('a cursor leads back to its gtid', () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      expect(gtidAt(cursorAfter(id as GlobalTransactionId))).toBe(id);
    }),
  );
});

test('whatever else is handed in is a bad cursor', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => gtidAt(text)).toThrow(BadCursor);
    }),
  );
});
