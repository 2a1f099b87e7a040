import { expect, test } from 'vitest';
import { sealed, unsealed } from './seal.js';

const SESSION = 'a'.repeat(43);
const TEXT = 'canary-refresh-token';

test('what is sealed is opened by the id of its session', () => {
  expect(unsealed(SESSION, sealed(SESSION, TEXT))).toBe(TEXT);
});

test('and by no other, nor once it was altered', () => {
  const secret = sealed(SESSION, TEXT);
  expect(() => unsealed('b'.repeat(43), secret)).toThrow(/authenticate/);
  for (const at of [0, 12, secret.length - 1]) {
    const altered = Buffer.from(secret);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(() => unsealed(SESSION, altered)).toThrow(/authenticate/);
  }
});

test('it shows nothing, and is never the same twice', () => {
  const one = sealed(SESSION, TEXT);
  expect(one.toString('latin1')).not.toContain('canary');
  expect(one.equals(sealed(SESSION, TEXT))).toBe(false);
});
