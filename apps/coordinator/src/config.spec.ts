import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError, parseConfig } from './config.js';

const DATABASE_URL = 'postgres://user:hush@db:5432/concordat';

function faultsOf(variables: Record<string, string>): readonly string[] {
  try {
    parseConfig({ DATABASE_URL, ...variables });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
}

function fileWith(text: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'concordat-config-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(path.join(dir, 'participants.json'), text);
  return path.join(dir, 'participants.json');
}

test('a database is all that is required', () => {
  const { allowedUrls, participants, ...config } = parseConfig({ DATABASE_URL });
  expect(config).toEqual({
    host: '127.0.0.1',
    port: 3_000,
    logLevel: 'info',
    databaseUrl: DATABASE_URL,
    databaseWaitMs: 60_000,
    databaseConnectionsMax: 10,
    wakeups: { kind: 'postgres', databaseUrl: DATABASE_URL },
    access: {
      apiKey: undefined,
      oidc: undefined,
      publicUrl: undefined,
      trustedProxies: [],
      requestsPerSecondMax: 10_000,
    },
    redisUrl: undefined,
    participantSecret: undefined,
    recovery: { scanPeriodMs: 10_000, orphans: 'leave', orphanAgeMs: 300_000 },
    retentionDays: 30,
    limits: {
      inFlightMax: 10_000,
      branchesMax: 100,
      payloadBytesMax: 262_144,
      bodyBytesMax: 1_048_576,
      leaseMs: 5_000,
      sweepPeriodMs: 1_000,
    },
    crashAt: undefined,
  });
  expect(participants.size).toBe(0);
  expect(allowedUrls.permits('http://127.0.0.1:3001')).toBe(false);
});

test('what is given counts, and an empty variable is none', () => {
  const config = parseConfig({
    DATABASE_URL,
    PORT: '0',
    HOST: '',
    CONCORDAT_IN_FLIGHT_MAX: '5',
    CONCORDAT_ALLOWED_URLS: ' http://127.0.0.1:* ,, https://*.example.com ',
  });
  expect(config).toMatchObject({ port: 0, host: '127.0.0.1', limits: { inFlightMax: 5 } });
  expect(config.allowedUrls.permits('http://127.0.0.1:3001/bank')).toBe(true);
  expect(config.allowedUrls.permits('https://a.example.com')).toBe(true);
});

test('networks are allowed one by one, and never all of them', () => {
  const CONCORDAT_ALLOWED_NETWORKS = ' 10.1.0.0/16, fd00:1::/32 ,';
  const { allowedUrls } = parseConfig({ DATABASE_URL, CONCORDAT_ALLOWED_NETWORKS });
  expect(allowedUrls.addressRule('bank.example', '10.1.2.3')).toBeUndefined();
  expect(allowedUrls.addressRule('bank.example', '10.2.0.0')).toMatch(/^leads into 10\.0\.0\.0\/8/);
  expect(faultsOf({ CONCORDAT_ALLOWED_NETWORKS: '0.0.0.0/0, 10.0.0.0/8, intranet' })).toEqual([
    'CONCORDAT_ALLOWED_NETWORKS: "0.0.0.0/0" is wider than /8',
    expect.stringMatching(/^CONCORDAT_ALLOWED_NETWORKS: "intranet" is not a network like /),
  ]);
});

describe('wakeups', () => {
  const REDIS_URL = 'redis://cache:6379';

  test('go through Redis where there is one, unless they are told otherwise', () => {
    const kindOf = (variables: object) => parseConfig({ DATABASE_URL, ...variables }).wakeups;
    expect(kindOf({ REDIS_URL })).toEqual({ kind: 'redis', redisUrl: REDIS_URL });
    expect(kindOf({ REDIS_URL, CONCORDAT_WAKEUPS: 'none' })).toEqual({ kind: 'none' });
    expect(kindOf({ REDIS_URL, CONCORDAT_WAKEUPS: 'postgres' })).toMatchObject({
      kind: 'postgres',
    });
  });

  test('through Redis need one', () => {
    expect(faultsOf({ CONCORDAT_WAKEUPS: 'redis' })).toEqual([
      'REDIS_URL is required where CONCORDAT_WAKEUPS is redis',
    ]);
  });
});

describe('a bad variable is named, and its value is not repeated', () => {
  test.each([
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['PORT', '-1'],
    ['PORT', '1e3'],
    ['LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'mysql://hush'],
    ['DATABASE_URL', 'postgres'],
    ['REDIS_URL', 'http://hush'],
    ['CONCORDAT_WAKEUPS', 'email'],
    ['CONCORDAT_IN_FLIGHT_MAX', '0'],
    ['CONCORDAT_BRANCHES_MAX', '1.5'],
    ['CONCORDAT_PAYLOAD_BYTES_MAX', '99999999999999999999'],
    ['CONCORDAT_BODY_BYTES_MAX', '1k'],
    ['CONCORDAT_RETENTION_DAYS', '0'],
    ['CONCORDAT_SWEEP_PERIOD_MS', ' 5'],
    ['CONCORDAT_LEASE_MS', 'NaN'],
    ['CONCORDAT_SCAN_PERIOD_MS', '0'],
    ['CONCORDAT_ORPHANS', 'commit'],
    ['CONCORDAT_ORPHAN_AGE_MS', '5m'],
    ['CONCORDAT_PARTICIPANT_SECRET', 'hush'],
    ['CONCORDAT_PARTICIPANT_BANK', 'ftp://bank'],
  ])('%s=%s', (name, value) => {
    const lines = faultsOf({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^${name} `));
    expect(lines[0]).not.toContain('hush');
  });

  test('and so is every other one', () => {
    expect(faultsOf({ PORT: 'x', LOG_LEVEL: 'x', CONCORDAT_LEASE_MS: 'x' })).toHaveLength(3);
  });
});

test('the secret of participants is a secret, and none of them', () => {
  const secret = 'hush'.repeat(16);
  const config = parseConfig({ DATABASE_URL, CONCORDAT_PARTICIPANT_SECRET: secret });
  expect(config.participantSecret).toBe(secret);
  expect(config.participants.size).toBe(0);
});

describe('the file of participants', () => {
  test('is read at boot', () => {
    const file = fileWith('{ "bank": { "url": "http://bank:80/2pc", "onePhase": true } }');
    const { participants } = parseConfig({ DATABASE_URL, CONCORDAT_PARTICIPANTS: file });
    expect(participants.get('bank')).toMatchObject({ onePhase: true });
  });

  test.each([
    ['{', 'CONCORDAT_PARTICIPANTS names a file that is not JSON'],
    ['[]', 'CONCORDAT_PARTICIPANTS must be an object'],
    ['{"bank":{}}', 'CONCORDAT_PARTICIPANTS: "bank" must have a "url"'],
  ])('with %s in it is refused', (text, line) => {
    const lines = faultsOf({ CONCORDAT_PARTICIPANTS: fileWith(text) });
    expect(lines).toEqual([expect.stringContaining(line)]);
  });

  test('may have queues where there is a Redis, and not without', () => {
    const file = fileWith('{ "mail": { "queue": "mail" } }');
    const named = { CONCORDAT_PARTICIPANTS: file };
    expect(faultsOf({ ...named, REDIS_URL: 'redis://cache' })).toEqual([]);
    expect(faultsOf(named)).toEqual(['REDIS_URL is required where a participant is a queue']);
  });

  test('that is not there is refused', () => {
    expect(faultsOf({ CONCORDAT_PARTICIPANTS: '/nowhere/at.all' })).toEqual([
      'CONCORDAT_PARTICIPANTS names a file that cannot be read',
    ]);
  });
});

test('a crash point is asked for by its name; an unknown one is refused, with the known ones', () => {
  const { crashAt } = parseConfig({ DATABASE_URL, CONCORDAT_CRASH_AT: 'begin.durable:2' });
  expect(crashAt).toEqual({ point: 'begin.durable', nth: 2, onSignal: false });
  expect(faultsOf({ CONCORDAT_CRASH_AT: 'begin.never' })).toEqual([
    expect.stringMatching(/^CONCORDAT_CRASH_AT must be a crash point, .*\bbegin\.durable\b/),
  ]);
});
