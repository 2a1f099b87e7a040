// JSON from outside that is handed on as it is: payloads and results.
//
// J1. It nests at most JSON_DEPTH_MAX deep, so whoever walks it may recurse.
// J2. Its numbers are finite. JSON.parse reads 1e999 as Infinity, which would be handed on as null.
// J3. Its objects are never copied key by key: a field `__proto__` stays a field.
import type { Json } from '@concordat/protocols';
import type { Path } from './parsed.js';

export const JSON_DEPTH_MAX = 64;

export interface JsonFault {
  readonly path: Path;
  readonly message: string;
}

/** What is wrong with `value` as JSON to hand on, if anything; the first fault only. */
export function jsonFaultOf(value: unknown, depth = 0): JsonFault | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : { path: [], message: 'is too large a number' };
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value !== 'object') return { path: [], message: 'is not JSON' };
  if (depth === JSON_DEPTH_MAX) {
    return { path: [], message: `is nested deeper than ${JSON_DEPTH_MAX}` };
  }
  for (const [key, inner] of Object.entries(value)) {
    const fault = jsonFaultOf(inner, depth + 1);
    if (fault !== undefined) return { ...fault, path: [key, ...fault.path] };
  }
  return undefined;
}

export function isJson(value: unknown): value is Json {
  return jsonFaultOf(value) === undefined;
}

export function isJsonObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The length of `value` as JSON text, in bytes of UTF-8. It obeys J1. */
export function jsonBytesOf(value: Json): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/**
 * The same text for the same JSON, whatever the order of its keys (RFC 8785). It obeys J1.
 * What is to be digested of a request, to tell whether an idempotency key is reused.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${fields.join(',')}}`;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
