import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import { addressIn, blockedNetworkOf, metadataFaultOf, Networks } from './networks.js';

function faultsOf(text: string): readonly string[] {
  return Networks.parse([text]).faults;
}

describe('[22] what is blocked', () => {
  test.each([
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.1', '127.255.255.255'],
    ['169.254.0.0', '169.254.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.0.2.0', '192.0.2.255'],
    ['192.88.99.0', '192.88.99.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['198.18.0.0', '198.19.255.255'],
    ['198.51.100.0', '198.51.100.255'],
    ['203.0.113.0', '203.0.113.255'],
    ['224.0.0.0', '239.255.255.255'],
    ['240.0.0.0', '255.255.255.255'],
    ['::', '::1'],
    ['::7f00:1', '::127.0.0.1'],
    ['64:ff9b::', '64:ff9b::7f00:1'],
    ['64:ff9b:1::', '64:ff9b:1:ffff::1'],
    ['100::', '100::ffff'],
    ['2001::', '2001:1ff:ffff::'],
    ['2001:db8::', '2001:db8:ffff::1'],
    ['2002::', '2002:7f00:1::'],
    ['3fff::', '3fff:fff::1'],
    ['fc00::', 'fdff::1'],
    ['fe80::', 'febf::1'],
    ['fe80::1%eth0', 'fec0::1'],
    ['ff00::', 'ffff::1'],
  ])('has %s and %s', (first, last) => {
    expect(blockedNetworkOf(first)).toMatch(/\/\d+$/);
    expect(blockedNetworkOf(last)).toMatch(/\/\d+$/);
  });

  test.each(['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.1.1', '0.0.0.0'])(
    'has %s mapped into IPv6, in both spellings',
    (address) => {
      const bytes = address.split('.').map(Number);
      const words = [0, 2].map((at) =>
        ((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)).toString(16),
      );
      for (const mapped of [`::ffff:${address}`, `::ffff:${words.join(':')}`]) {
        expect(isIP(mapped)).toBe(6);
        expect(blockedNetworkOf(mapped)).toBe(blockedNetworkOf(address));
      }
    },
  );

  test.each([
    ['1.0.0.0', '8.8.8.8'],
    ['9.255.255.255', '11.0.0.0'],
    ['100.63.255.255', '100.128.0.0'],
    ['126.255.255.255', '128.0.0.0'],
    ['169.253.255.255', '169.255.0.0'],
    ['172.15.255.255', '172.32.0.0'],
    ['192.167.255.255', '192.169.0.0'],
    ['198.17.255.255', '198.20.0.0'],
    ['223.255.255.255', '192.0.1.0'],
    ['2001:4860:4860::8888', '2606:4700::1111'],
    ['::ffff:8.8.8.8', '2a00:1450::1'],
  ])('has neither %s nor %s', (one, other) => {
    expect([blockedNetworkOf(one), blockedNetworkOf(other)]).toEqual([undefined, undefined]);
  });
});

test.each([
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  'fd00:ec2::254',
  '169.254.170.2',
])('[22] %s is a metadata service', (address) => {
  expect(metadataFaultOf(address)).toBe('leads to a metadata service, which is never called');
  expect(metadataFaultOf('169.254.169.253')).toBeUndefined();
});

describe('networks that are named', () => {
  test('have what lies in them, and nothing else', () => {
    const { networks, faults } = Networks.parse(['10.1.0.0/16', 'fd00:1::/32', '::1/128']);
    expect(faults).toEqual([]);
    const inside = ['10.1.255.255', '::ffff:10.1.2.3', 'fd00:1::9', '::1'];
    const outside = ['10.2.0.0', '::ffff:10.2.0.0', 'fd00:2::', '::2', '127.0.0.1'];
    expect([...inside, ...outside].filter((address) => networks.has(address))).toEqual(inside);
  });

  test('may be as wide as the widest private ones', () => {
    expect([...faultsOf('10.0.0.0/8'), ...faultsOf('fc00::/7')]).toEqual([]);
    expect(faultsOf('::ffff:10.0.0.0/104')).toEqual([]);
  });

  test.each(['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/7', '::/0', '8000::/1', 'fc00::/6'])(
    'are not as wide as %s',
    (text) => {
      expect(faultsOf(text)).toEqual([expect.stringMatching(/is wider than \/[78]$/)]);
    },
  );

  test.each(['::/8', '::/64', '::ffff:0:0/96', '::ffff:128.0.0.0/97', '::ffff:8.0.0.0/103'])(
    'have not all of IPv4 in them by the way, as %s has',
    (text) => {
      expect(faultsOf(text)).toEqual([`"${text}" has networks of IPv4 in it: name those`]);
    },
  );

  test.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    '010.0.0.0/8',
    'fd00::/129',
    'fe80::1%eth0/64',
    '10.0.0.0/-8',
    '10.0.0.0/8/8',
    'localhost/8',
    '*',
    '',
  ])('are not %j', (text) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining('is not a network like 10.0.0.0/8')]);
  });
});

test('the address that a host is has no brackets, and a name is none', () => {
  expect(['127.0.0.1', '[::1]', '::1', 'localhost', '127.1', ''].map(addressIn)).toEqual([
    '127.0.0.1',
    '::1',
    '::1',
    undefined,
    undefined,
    undefined,
  ]);
});
