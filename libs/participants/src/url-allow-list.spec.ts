import { describe, expect, test } from 'vitest';
import { ParticipantsMisconfigured } from './errors.js';
import { UrlAllowList } from './url-allow-list.js';

function permitted(pattern: string, urls: readonly string[]): readonly string[] {
  return urls.filter((url) => UrlAllowList.of([pattern]).permits(url));
}

describe('the allow-list', () => {
  test('is closed where nobody opens it', () => {
    expect(UrlAllowList.of([]).permits('http://127.0.0.1:4000')).toBe(false);
  });

  test('permits what any one of its patterns permits', () => {
    const list = UrlAllowList.of(['http://127.0.0.1:*', 'https://*.example.com']);
    expect(list.permits('http://127.0.0.1:4000/bank')).toBe(true);
    expect(list.permits('https://bank.example.com')).toBe(true);
    expect(list.permits('https://127.0.0.1:4000')).toBe(false);
  });

  test('a star for the port permits every port, and no star only the one of the scheme', () => {
    const urls = [
      'http://host',
      'http://host:80/x',
      'http://host:8080',
      'https://host',
      'http://h',
    ];
    expect(permitted('http://host:*', urls)).toEqual(urls.slice(0, 3));
    expect(permitted('http://host', urls)).toEqual(urls.slice(0, 2));
    expect(permitted('http://host:8080', urls)).toEqual(['http://host:8080']);
  });

  test('a star for a name permits every name below, at any depth, but not the domain itself', () => {
    const urls = [
      'https://a.example.com',
      'https://a.b.example.com/x',
      'https://example.com',
      'https://evilexample.com',
      'https://a.example.com.evil.net',
      'https://a.example.com.',
      'https://a.example.com:8443',
    ];
    expect(permitted('https://*.example.com', urls)).toEqual(urls.slice(0, 2));
  });

  test('a path permits itself, a path with a star what is below', () => {
    const urls = [
      'https://host/bank',
      'https://host/bank/',
      'https://host/bank/a',
      'https://host/bank/a/b',
      'https://host/banker',
      'https://host/bank/../admin',
      'https://host/bank//../../admin',
      'https://host/x/../bank/a',
      'https://host',
    ];
    expect(permitted('https://host/bank', urls)).toEqual(urls.slice(0, 2));
    expect(permitted('https://host/bank/*', urls)).toEqual([
      'https://host/bank/a',
      'https://host/bank/a/b',
      'https://host/x/../bank/a',
    ]);
    expect(permitted('https://host', urls)).toEqual(urls);
  });

  test.each([
    'http://127.0.0.1:80@evil.com',
    'http://127.0.0.1:80@evil.com/',
    'http://127.0.0.1@evil.com',
    'http://user:secret@127.0.0.1:4000',
    'http://@127.0.0.1:4000',
    'http://evil.com#@127.0.0.1:4000',
    'http://127.0.0.1:4000#evil',
    'http://127.0.0.1:4000?evil',
    'http://127.0.0.1.evil.com',
    'http://127.0.0.1.evil.com:4000',
    'http://evil.com/127.0.0.1',
    'http://evil.com\\@127.0.0.1:4000',
    'http://evil.com\\127.0.0.1',
    'http:\\\\127.0.0.1:4000',
    'http:/127.0.0.1:4000',
    'http:127.0.0.1:4000',
    'http:///127.0.0.1:4000',
    '//127.0.0.1:4000',
    '127.0.0.1:4000',
    'http://127.0.0.1%2eevil.com',
    'http://127.0.0.1:4000/%2e%2e/admin',
    'http://127.0.0.1:4000/..%2fadmin',
    'http://127.0.0.1%00.evil.com',
    'http://127.0.0.1:4000/a\r\nHost: evil.com',
    'http://127.0.0.1:4000/a b',
    ' http://127.0.0.1:4000',
    'ht\ntp://127.0.0.1:4000',
    'http://１２７.0.0.1:4000',
    'http://127。0。0。1:4000',
    'http://[::1]:4000',
    'http://[::ffff:127.0.0.1]:4000',
    'http://[::ffff:7f00:1]:4000',
    'http://localhost:4000',
    'http://0.0.0.0:4000',
    'http://127.0.0.2:4000',
    'http://127.0.0.1:99999',
    'http://127.0.0.1:-1',
    'https://127.0.0.1:4000',
    'ftp://127.0.0.1:4000',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,http://127.0.0.1',
    'unix:/var/run/docker.sock',
    '',
    `http://127.0.0.1:4000/${'x'.repeat(2_048)}`,
  ])('is not tricked by %j', (url) => {
    expect(UrlAllowList.of(['http://127.0.0.1:*']).permits(url)).toBe(false);
  });

  test('takes every spelling of one address for that address', () => {
    const spellings = [
      'HTTP://127.0.0.1:4000/Bank',
      'http://2130706433:4000',
      'http://127.1:4000',
      'http://0x7f.0.0.1:4000',
      'http://0177.0.0.1:4000',
    ];
    expect(permitted('http://127.0.0.1:*', spellings)).toEqual(spellings);
    expect(permitted('http://10.0.0.1', ['http://0x0a000001', 'http://167772161'])).toEqual([
      'http://0x0a000001',
      'http://167772161',
    ]);
    expect(permitted('https://*.Example.COM', ['https://BANK.example.com'])).toHaveLength(1);
    expect(permitted('http://[::1]:*', ['http://[0:0:0:0:0:0:0:1]:4000'])).toHaveLength(1);
  });

  test.each([
    '*',
    '*:*',
    'http://*',
    'http://*:*',
    'http://127.0.0.*',
    'http://a.*.com',
    'http://*evil.com',
    'http://host:80*',
    'http://host/*/x',
    'http://host/x*',
    'http://user@host',
    'http://host/?q',
    'http://host/%2e',
    'ftp://host',
    'host',
    '',
  ])('has no pattern %j', (pattern) => {
    expect(() => UrlAllowList.of(['http://127.0.0.1:*', pattern])).toThrow(
      ParticipantsMisconfigured,
    );
  });

  test('names every pattern that it cannot read', () => {
    expect(() => UrlAllowList.of(['*', 'http://ok', '?'])).toThrow(
      /^CONCORDAT_ALLOWED_URLS: "\*" is not .*\nCONCORDAT_ALLOWED_URLS: "\?" is not .*$/,
    );
  });
});
