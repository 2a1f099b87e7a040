import { describe, expect, test } from 'vitest';
import { Directory } from './directory.js';
import { ParticipantsMisconfigured } from './errors.js';
import { textOf } from './participant-url.js';
import type { Registry } from './registry.js';
import { parseRegistry } from './registry.js';
import { UrlAllowList } from './url-allow-list.js';

function linesOf(file: unknown, environment: Record<string, string> = {}): readonly string[] {
  try {
    parseRegistry(file, environment);
    return [];
  } catch (error) {
    return error instanceof ParticipantsMisconfigured ? error.lines : [String(error)];
  }
}

function urls(registry: Registry): Record<string, string> {
  return Object.fromEntries([...registry].map(([name, { url }]) => [name, textOf(url)]));
}

describe('the registry', () => {
  test('knows a participant by its name', () => {
    const registry = parseRegistry(
      {
        payments: { url: 'http://Payments.local:80/v1/' },
        'bank-a': { url: 'https://bank.example.com', onePhase: true },
      },
      {},
    );
    expect(urls(registry)).toEqual({
      payments: 'http://payments.local/v1',
      'bank-a': 'https://bank.example.com',
    });
    expect([...registry.values()].map(({ onePhase }) => onePhase)).toEqual([false, true]);
  });

  test('names every fault with the file and the key', () => {
    const file = {
      'two words': { url: 'http://a' },
      nothing: null,
      bare: 'http://a',
      empty: {},
      odd: { url: 'http://a', timeout: 5 },
      maybe: { url: 'http://a', onePhase: 'yes' },
      file: { url: 'file:///etc/passwd' },
      secret: { url: 'http://user:secret@host' },
    };
    expect(linesOf(file)).toEqual([
      'CONCORDAT_PARTICIPANTS: "two words" is no name: 1 to 64 characters of A-Z a-z 0-9 _ . -',
      'CONCORDAT_PARTICIPANTS: "nothing" must be an object: { "url": "http://…" }',
      'CONCORDAT_PARTICIPANTS: "bare" must be an object: { "url": "http://…" }',
      'CONCORDAT_PARTICIPANTS: "empty" must have a "url"',
      'CONCORDAT_PARTICIPANTS: "odd" has an unknown field "timeout"',
      'CONCORDAT_PARTICIPANTS: "maybe" has a "onePhase" that is neither true nor false',
      'CONCORDAT_PARTICIPANTS: "file" has a "url" that must be an http: or https: URL',
      expect.stringMatching(/^CONCORDAT_PARTICIPANTS: "secret" has a "url" that must be .*without/),
    ]);
  });

  test.each([null, [], 'http://a', 1])('is not %j', (file) => {
    expect(linesOf(file)).toEqual([
      'CONCORDAT_PARTICIPANTS must be an object: { "name": { "url": "http://…" }, … }',
    ]);
  });

  test('takes a URL of the environment over that of the file', () => {
    const file = { 'bank-a': { url: 'http://a', onePhase: true }, shop: { url: 'http://s' } };
    const registry = parseRegistry(file, {
      CONCORDAT_PARTICIPANT_BANK_A: 'http://127.0.0.1:4001/bank',
      CONCORDAT_PARTICIPANT_BANK_B: 'http://127.0.0.1:4002/bank',
      CONCORDAT_PARTICIPANT_SHOP: '',
      CONCORDAT_PARTICIPANTS: 'participants.json',
    });
    expect(urls(registry)).toEqual({
      'bank-a': 'http://127.0.0.1:4001/bank',
      shop: 'http://s',
      'bank-b': 'http://127.0.0.1:4002/bank',
    });
    expect(registry.get('bank-a')?.onePhase).toBe(true);
  });

  test('names a variable that is wrong, or could be meant for several', () => {
    const file = { 'a-b': { url: 'http://a' }, 'a.b': { url: 'http://b' } };
    const environment = {
      CONCORDAT_PARTICIPANT_A_B: 'http://c',
      CONCORDAT_PARTICIPANT_BANK: 'localhost:4000',
      CONCORDAT_PARTICIPANT_: 'http://d',
    };
    expect(linesOf(file, environment)).toEqual([
      'CONCORDAT_PARTICIPANT_A_B may be any of a-b, a.b',
      'CONCORDAT_PARTICIPANT_BANK must be an http: or https: URL',
      'CONCORDAT_PARTICIPANT_ is no name: 1 to 64 characters of A-Z a-z 0-9 _ . -',
    ]);
  });

  test('has no entry that nobody made', () => {
    const directory = new Directory(parseRegistry({}, {}), UrlAllowList.of([]));
    for (const name of ['payments', 'constructor', '__proto__', 'toString']) {
      expect(directory.resolve(name)).toEqual({
        ok: false,
        reason: `no participant is registered as "${name}"`,
      });
    }
  });
});

describe('the directory', () => {
  const directory = new Directory(
    parseRegistry({ bank: { url: 'http://10.0.0.1/bank', onePhase: true } }, {}),
    UrlAllowList.of(['http://127.0.0.1:*']),
  );

  test('finds a registered participant, wherever it is', () => {
    expect(directory.resolve('bank')).toMatchObject({
      ok: true,
      registration: { url: { origin: 'http://10.0.0.1', path: '/bank' }, onePhase: true },
    });
  });

  test('takes a URL that the allow-list permits, and trusts it with no single phase', () => {
    expect(directory.resolve({ url: 'http://127.0.0.1:4000/x/' })).toMatchObject({
      ok: true,
      registration: { url: { origin: 'http://127.0.0.1:4000', path: '/x' }, onePhase: false },
    });
  });

  test('refuses every other URL, and says why', () => {
    expect(directory.resolve({ url: 'http://10.0.0.1/bank' })).toEqual({
      ok: false,
      reason: 'the URL is not on the allow-list',
    });
    expect(directory.resolve({ url: 'file:///etc/passwd' })).toEqual({
      ok: false,
      reason: 'the URL must be an http: or https: URL',
    });
  });
});
