import { describe, expect, test } from 'vitest';
import { Attempts, Buckets } from './attempts.js';

const LIMITS = { failuresMax: 3, periodMs: 3_000, addressesMax: 2 };

describe('[7] an address that has failed too often', () => {
  test('waits until one failure is forgiven, and no longer', () => {
    let now = 0;
    const attempts = new Attempts(() => now, LIMITS);
    for (let n = 0; n < 3; n += 1) {
      expect(attempts.waitMs('a', 'k')).toBe(0);
      attempts.failed('a');
    }
    expect(attempts.waitMs('a', 'k')).toBe(1_000);
    expect(attempts.waitMs('b', 'k')).toBe(0);
    now = 999;
    expect(attempts.waitMs('a', 'k')).toBeGreaterThan(0);
    now = 1_000;
    expect(attempts.waitMs('a', 'k')).toBe(0);
  });

  test('is examined with what was right before from there, and from there only', () => {
    const attempts = new Attempts(() => 0, LIMITS);
    attempts.succeeded('a', 'right');
    for (const address of ['a', 'a', 'a', 'b', 'b', 'b']) attempts.failed(address);
    expect(attempts.waitMs('a', 'right')).toBe(0);
    expect(attempts.waitMs('a', 'wrong')).toBeGreaterThan(0);
    expect(attempts.waitMs('b', 'right')).toBeGreaterThan(0);
  });

  test('never goes free because many others fail', () => {
    let now = 0;
    const attempts = new Attempts(() => now, LIMITS);
    for (const address of ['a', 'a', 'a', 'b', 'b', 'b']) attempts.failed(address);
    now = 1;
    attempts.failed('a');
    attempts.failed('c'); // there is room for two: the oldest makes way
    expect(attempts.waitMs('a', 'k')).toBeGreaterThan(0);
  });
});

test('[7] the addresses of one network of IPv6 fail as one, and those of IPv4 each for itself', () => {
  const attempts = new Attempts(() => 0, { ...LIMITS, addressesMax: 100 });
  for (const address of ['2001:db8::1', '2001:db8:0:0:9::2', '2001:0db8:0:0::3']) {
    attempts.failed(address);
  }
  expect(attempts.waitMs('2001:db8::abcd', 'k')).toBeGreaterThan(0);
  expect(attempts.waitMs('2001:db8:0:1::1', 'k')).toBe(0);
  for (const last of [1, 2, 3]) attempts.failed(`203.0.113.${last}`);
  expect(attempts.waitMs('203.0.113.1', 'k')).toBe(0);
});

test('what is right is forgotten before it fills the memory', () => {
  const attempts = new Attempts(() => 0, LIMITS);
  for (const credential of ['1', '2', '3']) attempts.succeeded('a', credential);
  for (let n = 0; n < 3; n += 1) attempts.failed('a');
  expect(attempts.waitMs('a', '3')).toBe(0);
  expect(attempts.waitMs('a', '1')).toBeGreaterThan(0);
});

test('[38] a bucket gives so many at once, and as many again over its period', () => {
  let now = 0;
  const buckets = new Buckets(() => now, 10, 1_000, 100);
  const taken = (): number => {
    let count = 0;
    while (buckets.waitMs('p') === 0) {
      buckets.take('p');
      count += 1;
    }
    return count;
  };
  expect(taken()).toBe(10);
  now = 500;
  expect(taken()).toBe(5);
  now = 10_000;
  expect(taken()).toBe(10);
});
