// What an initiator says in its headers.
import type { IncomingHttpHeaders } from 'node:http';
import type { Parsed } from '@concordat/wire';
import { parseIdempotencyKey, preferenceOf } from '@concordat/wire';

/** Longer than any version of the trace context so far. */
const TRACEPARENT_LENGTH_MAX = 128;

export function idempotencyKeyOf(headers: IncomingHttpHeaders): Parsed<string | null> {
  return parseIdempotencyKey(textOf(headers['idempotency-key']));
}

export function preferenceIn(headers: IncomingHttpHeaders): ReturnType<typeof preferenceOf> {
  return preferenceOf(textOf(headers['prefer']));
}

/** W3C trace context. Whoever sends it on leaves out what is malformed, as the standard asks. */
export function traceparentOf(headers: IncomingHttpHeaders): string | null {
  const text = textOf(headers['traceparent']);
  return text === undefined || text.length > TRACEPARENT_LENGTH_MAX ? null : text;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
