import { METADATA_NETWORKS } from '@concordat/wire';
import { BlockList, isIP } from 'node:net';

const metadata = new BlockList();
for (const network of METADATA_NETWORKS) {
  const [base = '', bits = ''] = network.split('/');
  metadata.addSubnet(base, Number(bits), familyOf(base));
}

/**
 * @param host an address, of IPv6 in brackets or not; a name leads nowhere yet
 * @returns what is wrong with it, to be put after it, if it is that of a metadata service
 */
export function metadataFaultOf(host: string): string | undefined {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0 || !metadata.check(address, familyOf(address))) return undefined;
  return 'leads to a metadata service, which is never called';
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
