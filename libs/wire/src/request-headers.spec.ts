import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIdempotencyKey, preferenceOf } from './request-headers.js';

describe('Prefer', () => {
  test.each([
    [undefined, 5_000],
    ['', 5_000],
    ['wait=10', 10_000],
    ['WAIT = 10', 10_000],
    ['wait="10"', 10_000],
    ['wait=0', 0],
    ['wait=3600', 60_000],
    ['wait=999999999999', 5_000],
    ['wait=-1', 5_000],
    ['wait=1.5', 5_000],
    ['wait', 5_000],
    ['wait=2, wait=3', 2_000],
    ['respond-async', 0],
    ['respond-async, wait=10', 10_000],
    ['respond-async; foo=1', 0],
    ['return=minimal, wait=2; foo=bar, handling=lenient', 2_000],
    ['foo="a, wait=1", wait=2', 2_000],
    ['foo="respond-async"', 5_000],
  ])('%s waits %d ms', (header, expected) => {
    expect(preferenceOf(header).waitMs).toBe(expected);
  });

  test('is told what was made of it', () => {
    expect(preferenceOf('wait=3600').applied).toBe('wait=60');
    expect(preferenceOf('respond-async, wait=0').applied).toBe('wait=0');
    expect(preferenceOf('respond-async').applied).toBe('respond-async');
    expect(preferenceOf('return=minimal').applied).toBeUndefined();
  });

  test.each([
    [undefined, undefined],
    ['return=minimal, wait=x', undefined],
    ['wait=7', 'wait=7'],
    ['wait=3600', 'wait=60'],
    ['respond-async', 'respond-async'],
    ['respond-async, wait=10', 'wait=10'],
  ])('%s is heeded as %s', (header, expected) => {
    expect(preferenceOf(header).applied).toBe(expected);
  });

  test('is never an error, and never waits for long', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const { waitMs } = preferenceOf(header);
        expect(Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= 60_000).toBe(true);
      }),
    );
  });
});

describe('Idempotency-Key', () => {
  test('may be absent', () => {
    expect(parseIdempotencyKey(undefined)).toEqual({ ok: true, value: null });
  });

  test.each(['x', '"8e03978e-40d5"', 'a b', 'x'.repeat(255)])('may be %j', (key) => {
    expect(parseIdempotencyKey(key)).toEqual({ ok: true, value: key });
  });

  test.each(['', 'x'.repeat(256), 'clé', 'a\tb', 'a\0'])('cannot be %j', (key) => {
    expect(parseIdempotencyKey(key)).toMatchObject({
      ok: false,
      errors: [{ pointer: '/Idempotency-Key' }],
    });
  });
});
