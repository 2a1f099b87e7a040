import { describe, expect, test } from 'vitest';
import { xa } from './xa.js';

describe('[42] the name in a statement of XA', () => {
  test('is one of ours, between quotes', () => {
    expect(xa('commit', { gtrid: 'concordat:0190-a', bqual: 'b_c.d' })).toBe(
      "xa commit 'concordat:0190-a','b_c.d',1",
    );
  });

  test.each(["a'b", "','',1; drop table t; --", 'a\\', 'a b', 'a\n', 'ä', '', 'a'.repeat(65)])(
    'is never %j, in neither of its parts',
    (part) => {
      expect(() => xa('rollback', { gtrid: part, bqual: 'b' })).toThrow('made of ids');
      expect(() => xa('rollback', { gtrid: 'a', bqual: part })).toThrow('made of ids');
    },
  );
});
