// Requests that this process makes within a global transaction tell of it, to those on a list only.
//
//   fetch, undici ──▶ undici:request:create ────────┐
//   node:http ──────▶ http.client.request.created ──┴─▶ origin on the list? ─▶ two headers
//
// P1. Where a header is there already, nothing is added: a call of the coordinator's names its own
//     transaction.
// P2. The list is of origins, compared as URLs are: nothing else is ever told of a transaction.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { TRANSACTION_HEADER } from './context.interceptor.js';
import type { Surrounding } from './current.js';

interface UndiciRequest {
  readonly origin?: string | URL;
  readonly headers?: string | readonly unknown[];
  addHeader(name: string, value: string): void;
}

const UNDICI = 'undici:request:create';
const HTTP = 'http.client.request.created';
const TRACE_HEADER = 'traceparent';

/**
 * @param origins such as `http://stock:3000`
 * @returns stops it
 */
export function propagate(origins: readonly string[], surrounding: Surrounding): () => void {
  if (origins.length === 0) return () => undefined;
  const listed = new Set(origins.map((origin) => new URL(origin).origin));
  const onUndici = (message: unknown): void => {
    const { request } = message as { readonly request: UndiciRequest };
    if (listed.has(originOf(request.origin))) tell(surrounding, undiciHeaders(request));
  };
  const onHttp = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    if (!request.headersSent && listed.has(httpOriginOf(request)))
      tell(surrounding, httpHeaders(request));
  };
  subscribe(UNDICI, onUndici);
  subscribe(HTTP, onHttp);
  return () => {
    unsubscribe(UNDICI, onUndici);
    unsubscribe(HTTP, onHttp);
  };
}

interface Headers {
  has(name: string): boolean;
  add(name: string, value: string): void;
}

function tell({ current: within }: Surrounding, headers: Headers): void {
  if (within === undefined || headers.has(TRANSACTION_HEADER)) return; // P1
  headers.add(TRANSACTION_HEADER, within.gtid);
  if (!headers.has(TRACE_HEADER)) headers.add(TRACE_HEADER, within.traceparent);
}

/** undici has them as one text, or as names and values in turn. */
function undiciHeaders(request: UndiciRequest): Headers {
  const { headers = [] } = request;
  const names =
    typeof headers === 'string'
      ? headers.split('\r\n').map((line) => line.slice(0, line.indexOf(':')))
      : headers.filter((_, index) => index % 2 === 0).map(String);
  const known = new Set(names.map((name) => name.toLowerCase()));
  return {
    has: (name) => known.has(name),
    add: (name, value) => request.addHeader(name, value),
  };
}

function httpHeaders(request: ClientRequest): Headers {
  return {
    has: (name) => request.hasHeader(name),
    add: (name, value) => request.setHeader(name, value),
  };
}

/** P2. */
function originOf(url: string | URL | undefined): string {
  return url === undefined ? '' : (URL.parse(String(url))?.origin ?? '');
}

function httpOriginOf(request: ClientRequest): string {
  const host = request.getHeader('host') ?? request.host;
  return originOf(`${request.protocol}//${String(host)}`);
}
