// Which URLs a participant may call, because a roster that came over the network names them.
//
//   http://127.0.0.1:*           any port, any path
//   https://bank.example.com     this origin, any path
//   https://host:8443/banks      /banks and whatever is below it, but not /banksy
//
// U1. What is checked is what is called: a URL is read once, by the WHATWG rules.
// U2. What could be read in two ways is refused: credentials, backslashes, percent signs (a server
//     may decode %2e%2e, we do not). So are a query and a fragment: operations are paths below.
// U3. A metadata service is not to be named at all.
import { metadataFaultOf } from './metadata.js';

interface Prefix {
  readonly protocol: string;
  readonly hostname: string;
  /** Empty: the scheme's own. */
  readonly port: string;
  /** Without a slash at its end. */
  readonly path: string;
}

const ANY_PORT = '*';
const CLEAR = /^https?:\/\/[^/?#@\\%*\s]+(\/[^?#\\%*\s]*)?$/i; // U2
const STARRED = /^(https?:\/\/[^/?#@\\%*\s]+):\*(?=\/|$)/i;

/** @returns undefined if `text` is no URL that a participant can have */
export function parsePeerUrl(text: string): URL | undefined {
  return CLEAR.test(text) ? (URL.parse(text) ?? undefined) : undefined;
}

/** @returns undefined if it is none */
function parsePrefix(text: string): Prefix | undefined {
  const starred = STARRED.test(text);
  const url = parsePeerUrl(text.replace(STARRED, '$1'));
  if (url === undefined || (starred && url.port !== '')) return undefined;
  const { protocol, hostname, port, pathname } = url;
  return { protocol, hostname, port: starred ? ANY_PORT : port, path: withoutSlash(pathname) };
}

export function isPeerPrefix(text: string): boolean {
  const prefix = parsePrefix(text);
  return prefix !== undefined && metadataFaultOf(prefix.hostname) === undefined;
}

/**
 * @param texts prefixes as above
 * @returns whether a URL may be called
 * @throws {Error} that quotes a prefix which is none, or may not be one (U3)
 */
export function peerUrls(texts: readonly string[]): (url: URL) => boolean {
  const prefixes = texts.map((text) => {
    const prefix = parsePrefix(text);
    if (prefix === undefined)
      throw new Error(`"${text}" is not a URL like http://127.0.0.1:*/path`);
    const fault = metadataFaultOf(prefix.hostname);
    if (fault !== undefined) throw new Error(`"${text}" ${fault}`);
    return prefix;
  });
  return (url) => prefixes.some((prefix) => isBelow(url, prefix));
}

function isBelow(url: URL, { protocol, hostname, port, path }: Prefix): boolean {
  if (url.protocol !== protocol || url.hostname !== hostname) return false;
  if (port !== ANY_PORT && url.port !== port) return false;
  return `${withoutSlash(url.pathname)}/`.startsWith(`${path}/`);
}

export function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
