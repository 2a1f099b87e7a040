// What a process is started with may be anything: what is no option is told before it is used.
import type { DataSource } from 'typeorm';
import { expect, test } from 'vitest';
import { optionFaults } from './option-faults.js';
import type { ConcordatOptions } from './options.js';

const embedded = { mode: 'embedded', databaseUrl: 'postgres://localhost/journal' } as const;
const client = { mode: 'client', url: 'http://concordat:3000' } as const;
const ready = { isInitialized: true } as DataSource;

test.each<[string, ConcordatOptions]>([
  ['a coordinator of its own', { ...embedded, databases: { ready } }],
  ['one elsewhere', { ...client, publicUrl: 'https://shop', propagateTo: ['http://stock:1/'] }],
  ['a socket', { ...embedded, databaseUrl: 'postgresql:///journal?host=/run' }],
])('options with %s have no fault', (_, options) => {
  expect(optionFaults(options)).toEqual([]);
});

test.each<[string, unknown, string]>([
  ['another mode', {}, "mode: must be 'embedded' or 'client'"],
  ['no journal', { mode: 'embedded' }, 'databaseUrl: must be the journal'],
  ['a journal on MariaDB', { ...embedded, databaseUrl: 'mysql://h/d' }, 'databaseUrl: must be'],
  ['no coordinator', { mode: 'client' }, 'url: must be the coordinator'],
  ['a coordinator without a scheme', { ...client, url: 'concordat:3000' }, 'url: must be the'],
  ['a public URL that is none', { ...client, publicUrl: 'shop' }, 'publicUrl: must be this'],
  ['a key that cannot be sent', { ...client, apiKey: 'two words' }, 'apiKey: must be printable'],
  ['an empty key', { ...client, apiKey: '' }, 'apiKey: must be printable'],
  ['no DataSource', { ...embedded, databases: { a: undefined } }, '"a": give its DataSource'],
  [
    'a DataSource that is not ready',
    { ...embedded, databases: { a: { isInitialized: false } } },
    `"a": await its DataSource's initialize() first`,
  ],
  ['an origin without a scheme', { ...client, propagateTo: ['stock:3000'] }, 'is no origin'],
  ['an origin with a path', { ...client, propagateTo: ['http://stock/v1'] }, 'is no origin'],
  ['a secret that can be guessed', { ...client, secret: 'x' }, 'the secret must have'],
])('%s is a fault', (_, options, fault) => {
  expect(optionFaults(options as ConcordatOptions)).toEqual([expect.stringContaining(fault)]);
});
