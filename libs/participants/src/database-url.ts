// The URL of a database that is a participant itself. It may hold a password, so no message and no
// log repeats it: people see what `masked` leaves.
export type DatabaseKind = 'postgres' | 'mysql';

const KIND_OF_SCHEME: ReadonlyMap<string, DatabaseKind> = new Map([
  ['postgres:', 'postgres'],
  ['postgresql:', 'postgres'],
  ['mysql:', 'mysql'],
  ['mariadb:', 'mysql'],
]);

const LENGTH_MAX = 2_048;
const PRINTABLE_ASCII = /^[\x21-\x7e]*$/;

/** @returns undefined if no scheme of a database stands at its beginning */
export function databaseKindOf(text: string): DatabaseKind | undefined {
  const [scheme = ''] = /^[a-z]+:/i.exec(text) ?? [];
  return KIND_OF_SCHEME.get(scheme.toLowerCase());
}

/** @returns what is wrong with `text`, to be put after its name; undefined if nothing is */
export function databaseUrlFaultOf(text: string): string | undefined {
  if (text.length > LENGTH_MAX) return `must be at most ${LENGTH_MAX} characters`;
  if (!PRINTABLE_ASCII.test(text)) return 'must consist of printable ASCII characters';
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return 'must be scheme://user@host:port/database';
  if (url.hostname.includes(',')) return 'must name one host: put a router before several';
  if (!/^\/[^/]+$/.test(url.pathname)) return 'must name a database: scheme://user@host/database';
  return undefined;
}

/** Fit for people: without the password, and whatever else may be secret in it. */
export function masked(url: string): string {
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`;
}
