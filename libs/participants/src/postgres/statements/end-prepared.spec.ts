import { describe, expect, test } from 'vitest';
import { endPrepared } from './end-prepared.js';

describe('[42] the gid in a statement', () => {
  test('is one of ours, between quotes', () => {
    expect(endPrepared('concordat:0190-a:b_c.d', 'commit')).toBe(
      "commit prepared 'concordat:0190-a:b_c.d'",
    );
  });

  test.each(["a'b", "'; drop table t; --", 'a\\', 'a b', 'a\n', 'ä', '', 'a'.repeat(200)])(
    'is never %j',
    (gid) => {
      expect(() => endPrepared(gid, 'rollback')).toThrow('made of ids');
    },
  );
});
