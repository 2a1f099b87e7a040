import pg from 'pg';
import { expect, test } from 'vitest';
import { isRefusal } from './joint-query.js';

function said(severity: string, code: string | undefined): pg.DatabaseError {
  const error = new pg.DatabaseError('it says no', 0, 'error');
  return Object.assign(error, { severity, code });
}

test('a refusal is an error after which the session goes on', () => {
  expect(isRefusal(said('ERROR', '23505'))).toBe(true);
});

test.each([
  ['ends the session', said('FATAL', '25P03')],
  ['comes as the server shuts down', said('ERROR', '57P01')],
  ['is one of the connection', said('ERROR', '08006')],
  ['has no code', said('ERROR', undefined)],
  ['no server has sent', new Error('ECONNRESET')],
])('what %s is none', (_, error) => {
  expect(isRefusal(error)).toBe(false);
});
