// Which networks nobody is sent into by somebody else's word.
//
// N1. The metadata services of clouds hand out credentials to whoever asks from inside. Nothing
//     opens the way to them: no pattern, no network, no registration.
// N2. What is blocked is what IANA's registries of special-purpose addresses have, of IPv4 and of
//     IPv6, and what holds an IPv4 address inside itself (NAT64, 6to4, Teredo, compatible).
//     `BlockList` takes ::ffff:10.0.0.1 for 10.0.0.1 by itself: a range for mapped addresses would
//     match all of IPv4.
// N3. Networks are opened one by one. None is so wide that it would be all of them: at least /8, of
//     IPv6 /7, as wide as the widest private ones (10.0.0.0/8, fc00::/7).
import { BlockList, isIP } from 'node:net';
import { METADATA_NETWORKS } from '@concordat/wire';

/** N2. */
const BLOCKED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

const NETWORK = /^(?<base>[0-9a-f.:]+)\/(?<bits>\d{1,3})$/i;
const BITS_MIN = { ipv4: 8, ipv6: 7 } as const; // N3
/** A network of IPv6 with fewer bits than this reaches past a /8 of mapped IPv4. */
const MAPPED_BITS_MIN = 104;

interface Network {
  readonly text: string;
  readonly list: BlockList;
}

const metadata = METADATA_NETWORKS.map(networkOf); // N1
const blocked = BLOCKED.map(networkOf);
const loopback = ['127.0.0.0/8', '::1/128'].map(networkOf);
const mapped = networkOf('::ffff:0:0/96');

/** Some networks, as the operator has named them. */
export class Networks {
  private constructor(private readonly networks: readonly Network[]) {}

  static readonly none = new Networks([]);

  /** @returns the networks, and what is wrong with those texts that name none */
  static parse(texts: readonly string[]): { networks: Networks; faults: readonly string[] } {
    const faults = texts.flatMap((text) => {
      const fault = networkFaultOf(text);
      return fault === undefined ? [] : [`"${text}" ${fault}`];
    });
    return { networks: new Networks(faults.length > 0 ? [] : texts.map(networkOf)), faults };
  }

  has(address: string): boolean {
    return holderOf(this.networks, address) !== undefined;
  }
}

/** N1. @returns what is wrong with an address, to be put after whatever leads to it */
export function metadataFaultOf(address: string): string | undefined {
  if (holderOf(metadata, address) === undefined) return undefined;
  return 'leads to a metadata service, which is never called';
}

/** N2. @returns the blocked network that `address` is in */
export function blockedNetworkOf(address: string): string | undefined {
  return holderOf(blocked, address)?.text;
}

export function isLoopback(address: string): boolean {
  return holderOf(loopback, address) !== undefined;
}

/** @returns the address that the host of a URL is, without brackets; undefined if it is a name */
export function addressIn(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

function holderOf(networks: readonly Network[], address: string): Network | undefined {
  return networks.find(({ list }) => list.check(address, familyOf(address)));
}

function networkFaultOf(text: string): string | undefined {
  const { base = '', bits = '' } = NETWORK.exec(text)?.groups ?? {};
  const family = familyOf(base);
  if (isIP(base) === 0 || Number(bits) > (family === 'ipv4' ? 32 : 128)) {
    return 'is not a network like 10.0.0.0/8 or fd00::/8';
  }
  if (Number(bits) < BITS_MIN[family]) return `is wider than /${BITS_MIN[family]}`; // N3
  if (family === 'ipv6' && Number(bits) < MAPPED_BITS_MIN && meetsIpv4(text, base)) {
    return 'has networks of IPv4 in it: name those';
  }
  return undefined;
}

/** Two networks meet if one has the first address of the other. */
function meetsIpv4(text: string, base: string): boolean {
  return networkOf(text).list.check('::ffff:0:0', 'ipv6') || mapped.list.check(base, 'ipv6');
}

function networkOf(text: string): Network {
  const [base = '', bits = ''] = text.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(bits), familyOf(base));
  return { text, list };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
