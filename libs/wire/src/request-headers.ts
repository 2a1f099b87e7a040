// The two request headers that change what a begin does.
import type { Parsed } from './parsed.js';
import { fieldError, malformed, parsed } from './parsed.js';

/** How long a begin waits for the end where its initiator does not say. */
export const WAIT_MS_DEFAULT = 5_000;
export const WAIT_MS_MAX = 60_000;

const KEY = /^[\x20-\x7e]{1,255}$/;
const PREFER_LENGTH_MAX = 1_024;

/** `Idempotency-Key`: null where there is none. */
export function parseIdempotencyKey(header: string | undefined): Parsed<string | null> {
  if (header === undefined) return parsed(null);
  if (KEY.test(header)) return parsed(header);
  const message = 'must be 1 to 255 printable ASCII characters';
  return malformed([fieldError(['Idempotency-Key'], message)]);
}

export interface Preference {
  /** For how long an answer may wait for the end. */
  readonly waitMs: number;
  /** For `Preference-Applied`; undefined where nothing was asked for. */
  readonly applied: string | undefined;
}

/**
 * `Prefer` (RFC 7240):
 *
 *   wait=10                 wait until it has ended, or for 10 s
 *   respond-async           do not wait
 *   respond-async, wait=10  as for wait=10: respond at once only if it takes longer
 *
 * A preference is not a demand: what is not understood is left out, the first of several equal
 * names counts, and no wait is longer than WAIT_MS_MAX.
 */
export function preferenceOf(prefer: string | undefined): Preference {
  const preferences = preferencesOf((prefer ?? '').slice(0, PREFER_LENGTH_MAX));
  const wait = preferences.find(({ name }) => name === 'wait')?.value;
  if (wait !== undefined && /^\d{1,9}$/.test(wait)) {
    const waitMs = Math.min(Number(wait) * 1_000, WAIT_MS_MAX);
    return { waitMs, applied: `wait=${waitMs / 1_000}` };
  }
  if (preferences.some(({ name }) => name === 'respond-async')) {
    return { waitMs: 0, applied: 'respond-async' };
  }
  return { waitMs: WAIT_MS_DEFAULT, applied: undefined };
}

function preferencesOf(header: string): readonly { name: string; value: string }[] {
  return withoutQuotes(header)
    .split(',')
    .map((preference) => preference.split(';', 1).join('').split('='))
    .map(([name = '', value = '']) => ({ name: name.trim().toLowerCase(), value: value.trim() }));
}

/** `"10"` is 10; any other quoted text might hold a comma, and is of no interest. */
function withoutQuotes(header: string): string {
  return header.replaceAll(/"([^"]*)"/g, (_, text: string) => (/^\d+$/.test(text) ? text : ''));
}
