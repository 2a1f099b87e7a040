// Tells whether a repeated idempotency key comes with the same body.
import { createHash } from 'node:crypto';
import type { Json } from '@concordat/protocols';
import { canonicalJson } from '@concordat/wire';

/**
 * SHA-256 of the body's canonical JSON: white space and the order of keys make no difference.
 * @param body well-formed, hence no deeper than canonicalJson may recurse
 */
export function digestOf(body: Json): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex');
}
