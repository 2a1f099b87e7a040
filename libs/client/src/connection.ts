// How a coordinator is reached, parsed once: what cannot be meant is refused before it is used.
import type { RetryPolicy } from './retry.js';
import { RETRY_DEFAULT } from './retry.js';

export interface ClientOptions {
  /** `http://127.0.0.1:3000`; with a path if a gateway puts the API below one. */
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly apiKey?: string | undefined;
  /** Of one attempt, beside the time that its answer may wait for the end; 10 000 if absent. */
  readonly timeoutMs?: number | undefined;
  /** By default 6 attempts, after 0.1 s, 0.2 s … and at most 5 s. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Node's own if absent: for proxies, certificates, tracing. */
  readonly fetch?: Fetch | undefined;
}

/** `fetch`, as far as it is needed. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** The same, with its defaults. */
export interface Connection {
  /** Ends with a slash. */
  readonly base: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly fetch: Fetch;
}

const TIMEOUT_MS_DEFAULT = 10_000;

/** @throws {TypeError} if an option cannot be meant */
export function connectionOf(options: ClientOptions): Connection {
  const { apiKey, timeoutMs = TIMEOUT_MS_DEFAULT, retry } = options;
  const base = new URL(options.url);
  if (!/^https?:$/.test(base.protocol) || base.username !== '' || base.search !== '') {
    throw new TypeError('the url of a coordinator is http(s), without credentials and query');
  }
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new TypeError('an apiKey is printable ASCII without spaces');
  }
  return {
    base,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    timeoutMs,
    retry: { ...RETRY_DEFAULT, ...retry },
    fetch: options.fetch ?? fetch,
  };
}
