// Which addresses a connection is made to, judged when it is made and by what it is made to.
//
//   host ── an address? ─▶ the rule ────────────────────────────▶ connect, or refuse
//     └──── a name? ─────▶ resolve ALL ─▶ the rule, of each one ─▶ connect to these, or refuse
//
// G1. A name is resolved once for each connection, and what was judged is what is connected to: a
//     name that has another address a moment later (DNS rebinding) is another connection's matter.
// G2. One address that is not permitted refuses the name: which of them is dialled is not ours to
//     choose.
// G3. Of an address there is nothing to resolve, and `lookup` is never called: it is judged before.
// G4. What is refused is never dialled. The reason names the rule, and not the address that a name
//     has: whoever gives URLs is not told what is in our DNS.
// G5. Certificates are verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { addressIn } from './networks.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** @returns why `host` may not be connected to at `address`, to be put after it */
export type AddressRule = (host: string, address: string) => string | undefined;

/** As `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';

  constructor(host: string, fault: string) {
    super(`the host ${host} ${fault}`);
  }
}

export function guardedConnector(
  rule: AddressRule,
  resolve: Resolve = lookup,
): buildConnector.connector {
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    rejectUnauthorized: true, // G5
    lookup: guardedLookup(rule, resolve),
  });
  return (options, callback) => {
    const address = addressIn(options.hostname);
    const fault = address === undefined ? undefined : rule(address, address); // G3
    if (address === undefined || fault === undefined) return connect(options, callback);
    queueMicrotask(() => callback(new AddressRefused(address, fault), null));
  };
}

function guardedLookup(rule: AddressRule, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const [fault] = addresses.flatMap(({ address }) => rule(hostname, address) ?? []); // G2
      if (fault !== undefined) return callback(new AddressRefused(hostname, fault), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}
