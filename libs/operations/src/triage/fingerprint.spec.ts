import { describe, expect, test } from 'vitest';
import { fingerprintOf, kindOf } from './fingerprint.js';

describe('the kind of an error', () => {
  test.each([
    ['connect ECONNREFUSED 10.0.3.7:5432', 'connect ECONNREFUSED <host>'],
    ['connect ECONNREFUSED ::1:40123', 'connect ECONNREFUSED <host>'],
    ['connect ECONNREFUSED [::1]:40123', 'connect ECONNREFUSED <host>'],
    ['getaddrinfo ENOTFOUND bank-7.internal:8080', 'getaddrinfo ENOTFOUND <host>'],
    ['no answer within 3000 ms', 'no answer within <n> ms'],
    ['HTTP 503 from shard 12', 'HTTP 503 from shard <n>'],
    ['relation "o_17" of 01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55', 'relation <text> of <id>'],
    ['deadlock (40P01) of 17 with 18', 'deadlock (40P01) of <n> with <n>'],
    ['see https://bank/x?id=7, please', 'see <url>, please'],
    ['trace 4bf92f3577b34da6', 'trace <id>'],
    ['the facade is decided', 'the facade is decided'],
    ['', ''],
  ])('of %j is %j', (error, kind) => {
    expect(kindOf(error)).toBe(kind);
  });

  test.each([
    ['HTTP 500', 'HTTP 503'],
    ['SQLSTATE 42704', 'SQLSTATE 55P03'],
    ['HTTP 503', 'connect ECONNREFUSED 127.0.0.1:1'],
  ])('tells %j from %j', (one, other) => {
    expect(kindOf(one)).not.toBe(kindOf(other));
  });
});

describe('a fingerprint', () => {
  test('is of the participant, the operation and the kind of error, and of nothing else', () => {
    const first = fingerprintOf('bank', 'commit', 'no answer within 3000 ms');
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprintOf('bank', 'commit', 'no answer within 500 ms')).toBe(first);
    expect(fingerprintOf('till', 'commit', 'no answer within 3000 ms')).not.toBe(first);
    expect(fingerprintOf('bank', 'rollback', 'no answer within 3000 ms')).not.toBe(first);
    expect(fingerprintOf('bank', 'commit', 'HTTP 503')).not.toBe(first);
  });

  test('does not change between versions: alerts and links remember it', () => {
    expect(fingerprintOf('bank', 'commit', 'HTTP 503')).toBe('e61c5c784bf3c0f3');
  });
});
