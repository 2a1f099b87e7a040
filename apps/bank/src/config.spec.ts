import { expect, test } from 'vitest';
import { parseConfig } from './config.js';

const DATABASE_URL = 'postgres://127.0.0.1/bank';

test('peers are on this machine unless others are named', () => {
  expect(parseConfig({ DATABASE_URL }).peerUrls).toEqual(['http://127.0.0.1:*']);
  const PEER_URLS = 'https://east.example.com/transfer, http://10.0.0.7:*';
  expect(parseConfig({ DATABASE_URL, PEER_URLS }).peerUrls).toEqual([
    'https://east.example.com/transfer',
    'http://10.0.0.7:*',
  ]);
  expect(parseConfig({ DATABASE_URL, PEER_URLS: '' }).peerUrls).toEqual([]);
});

test('a database is on Postgres, MariaDB or MySQL', () => {
  for (const scheme of ['postgres', 'postgresql', 'mysql', 'mariadb']) {
    const url = `${scheme}://127.0.0.1/bank`;
    expect(parseConfig({ DATABASE_URL: url }).databaseUrl).toBe(url);
  }
});

test('a secret is there or not', () => {
  const secret = 'x'.repeat(32);
  const given = { DATABASE_URL, CONCORDAT_PARTICIPANT_SECRET: secret };
  expect(parseConfig(given).participantSecret).toBe(secret);
  const empty = { DATABASE_URL, CONCORDAT_PARTICIPANT_SECRET: '' };
  expect(parseConfig(empty).participantSecret).toBeUndefined();
  expect(parseConfig({ DATABASE_URL }).participantSecret).toBeUndefined();
});

test.each([
  ['DATABASE_URL', 'redis://127.0.0.1'],
  ['CONCORDAT_PARTICIPANT_SECRET', 'short'],
  ['PEER_URLS', 'east.example.com'],
  ['PEER_URLS', 'http://127.0.0.1:*,'],
  ['PEER_URLS', 'http://me:secret@127.0.0.1'],
  ['MEMORY_SLACK_MS', '-1'],
  ['SILENCE_MS', 'long'],
])('%s=%s is refused by its name', (variable, value) => {
  expect(() => parseConfig({ DATABASE_URL, [variable]: value })).toThrow(variable);
});
