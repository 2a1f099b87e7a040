// The URL of a participant, registered or given inline.
//
// U1. What is checked is what is called: a URL is parsed once, by the WHATWG rules, and its parts
//     are used from then on. Nothing is ever put together from the text again.
// U2. What could be read in two ways is refused: credentials, a missing slash, backslashes, blanks,
//     percent signs (a server may decode %2e%2e, we do not).
// U3. A participant's operations are paths below its URL, so it has no query and no fragment.

export interface ParticipantUrl {
  readonly origin: string;
  /** Without a slash at its end; empty for the root. */
  readonly path: string;
  readonly scheme: string;
  /** In lower case; an IPv6 address in its brackets. */
  readonly host: string;
  readonly port: number;
}

const LENGTH_MAX = 2_048;
const CLEAR = /^https?:\/\/[^/?#@\\%]+(\/[^?#\\%]*)?$/i; // U2, U3
const PRINTABLE_ASCII = /^[\x21-\x7e]*$/;

/** @returns what is wrong with `text`, to be put after its name, if it is not such a URL */
export function parseParticipantUrl(text: string): ParticipantUrl | string {
  if (!/^https?:/i.test(text)) return 'must be an http: or https: URL';
  if (text.length > LENGTH_MAX) return `must be at most ${LENGTH_MAX} characters`;
  if (!PRINTABLE_ASCII.test(text)) return 'must consist of printable ASCII characters';
  if (!CLEAR.test(text)) {
    return 'must be scheme://host:port/path, without credentials, query, fragment, % and backslash';
  }
  const url = URL.parse(text);
  if (url === null) return 'must be a valid URL';
  return {
    origin: url.origin,
    path: url.pathname.replace(/\/+$/, ''),
    scheme: url.protocol,
    host: url.hostname,
    port: portOf(url),
  };
}

export function textOf({ origin, path }: ParticipantUrl): string {
  return `${origin}${path}`;
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
