import { expect, test } from 'vitest';
import { masked } from './database-url.js';

test('a URL in a log has no password, and nothing else that may be secret', () => {
  expect(masked('postgres://user:hush@db:5432/orders')).toBe('postgres://user@db:5432/orders');
  expect(masked('mysql://db/x?password=hush')).toBe('mysql://db/x');
});
