// Tells whether a repeated idempotency key comes with the same body.
import { createHash } from 'node:crypto';
import type { Json } from '@concordat/protocols';
import { canonicalJson } from '@concordat/wire';

/** SHA-256 of the body's canonical JSON: white space and the order of keys make no difference. */
export function digestOf(body: Json): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}
