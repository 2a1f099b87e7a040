// One POST to a peer, over a connection of its own.
//
//   resolve ALL addresses of the host ─▶ judge each one ─▶ connect to these, or refuse
//
// The same as the coordinator does for participants that are registered; what is different is that
// a service need not install an HTTP client for it.
//
// C1. Whoever has put a name on the list of peers lets it lead wherever his DNS says, but for the
//     metadata services of clouds. A name is resolved once for each connection, and what was judged
//     is what is connected to. One address that is not permitted refuses the name.
// C2. Of a host that is an address there is nothing to resolve: peer-urls.ts has judged it.
// C3. Certificates are verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
// C4. No redirect is followed, and nothing is decompressed: `node:http` does neither.
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { metadataFaultOf } from './metadata.js';

const HEADER_BYTES_MAX = 16_384;

/** As `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

export interface Post {
  readonly target: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends the connection, wherever it has got to. */
  readonly signal: AbortSignal;
  readonly resolve: Resolve;
}

/** @returns the answer as far as its head; whoever leaves its body before the end ends it all */
export function post({ target, body, resolve, ...given }: Post): Promise<IncomingMessage> {
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  const options = {
    ...given,
    method: 'POST',
    agent: false, // no connection that somebody else has made for something else
    lookup: judged(resolve),
    maxHeaderSize: HEADER_BYTES_MAX,
    rejectUnauthorized: true, // C3
  } as const;
  return new Promise((answered, failed) => {
    // the last event of all, and the only one of an answer that changes the protocol (101)
    const closed = (): void => failed(new Error('closed without an answer'));
    request(target, options, answered).on('error', failed).on('close', closed).end(body);
  });
}

/** C1. */
function judged(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const [fault] = addresses.flatMap(({ address }) => metadataFaultOf(address) ?? []);
      if (fault !== undefined) return callback(new Error(`the host ${hostname} ${fault}`), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}
