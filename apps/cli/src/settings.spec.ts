// Where a key may stand, and where not.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Failure } from './failure.js';
import { refuseKeys, settingsOf } from './settings.js';

const SECRET = 'ck_not-to-be-repeated';
const dir = mkdtempSync(path.join(tmpdir(), 'concordat-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function fileWith(name: string, text: string, mode: number): string {
  const file = path.join(dir, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a key', () => {
  const kept = fileWith('kept', `${SECRET}\n`, 0o600);

  test('is taken from the environment, or from a file of its owner alone', () => {
    const from = (options: object, environment: Record<string, string>) =>
      settingsOf(options, environment).apiKey;
    expect(from({}, { CONCORDAT_API_KEY: 'ck_a' })).toBe('ck_a');
    expect(from({}, { CONCORDAT_API_KEY_FILE: kept })).toBe(SECRET);
    expect(from({}, { CONCORDAT_API_KEY: 'ck_a', CONCORDAT_API_KEY_FILE: kept })).toBe('ck_a');
    expect(from({ keyFile: kept }, { CONCORDAT_API_KEY: 'ck_a' })).toBe(SECRET);
    expect(from({}, { CONCORDAT_API_KEY: '' })).toBeUndefined();
  });

  test.each([0o640, 0o604, 0o666, 0o620])('is not taken from a file of mode %i', (mode) => {
    const file = fileWith('open', SECRET, mode);
    const { exitCode, message } = failureOf(() => settingsOf({ keyFile: file }, {}));
    expect(exitCode).toBe(2);
    expect(message).toContain('chmod 600');
    expect(message).not.toContain(SECRET);
  });

  test.each([
    ['a folder', dir],
    ['nothing', path.join(dir, 'none')],
    ['an empty file', fileWith('empty', '\n', 0o600)],
    ['a file of two words', fileWith('words', `${SECRET} ${SECRET}`, 0o600)],
    ['a file that is long', fileWith('long', SECRET.repeat(1_000), 0o600)],
  ])('is not taken from %s', (_, keyFile) => {
    const { exitCode, message } = failureOf(() => settingsOf({ keyFile }, {}));
    expect(exitCode).toBe(2);
    expect(message).not.toContain(SECRET);
  });

  test.each([
    [['list', '--api-key', SECRET]],
    [['list', `--api-key=${SECRET}`]],
    [['--key', SECRET, 'list']],
    [['list', `-key=${SECRET}`]],
    [['list', `--APIKEY=${SECRET}`]],
    [['show', SECRET]],
  ])('is refused as an argument: %j', (args) => {
    const { exitCode, message } = failureOf(() => refuseKeys(args));
    expect(exitCode).toBe(2);
    expect(message).toContain('never an argument');
    expect(message).not.toContain(SECRET);
  });

  test('may stand in a file that is named', () => {
    expect(() => refuseKeys(['list', '--key-file', kept, `--key-file=${kept}`])).not.toThrow();
  });
});

describe('a URL', () => {
  test('goes from the option to the environment to what npm start has', () => {
    const at = (options: object, environment: Record<string, string>) =>
      settingsOf(options, environment).url.href;
    expect(at({}, {})).toBe('http://127.0.0.1:3000/');
    expect(at({}, { CONCORDAT_URL: 'https://concordat/api' })).toBe('https://concordat/api/');
    expect(at({ url: 'http://b/' }, { CONCORDAT_URL: 'http://a' })).toBe('http://b/');
  });

  test.each([
    'concordat:3000',
    'ftp://concordat',
    'http://ann:hush@concordat',
    'http://c/?key=hush',
  ])('cannot be %s', (url) => {
    const { exitCode, message } = failureOf(() => settingsOf({ url }, {}));
    expect(exitCode).toBe(2);
    expect(message).not.toContain('hush');
  });
});
