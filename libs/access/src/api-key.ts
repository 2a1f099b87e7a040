// The form of an API key: `ck_<prefix>_<secret>`.
//
// K1. The secret has 256 random bits, so one fast hash keeps it: there is nothing to guess. (The
//     slow hashes are for passwords.)
// K2. Only the hash is kept. Who has lost a key makes another.
// K3. The prefix finds the row and is no secret; the hash is compared in constant time.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX_BYTES = 6;
const SECRET_BYTES = 32;
const FORM = /^ck_(?<prefix>[0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export interface NewKey {
  /** Shown once, to whoever has made it. */
  readonly text: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

export function newKey(): NewKey {
  const prefix = randomBytes(PREFIX_BYTES).toString('hex');
  const text = `ck_${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { text, prefix, hash: hashOf(text) };
}

/** Undefined if `text` has not the form of a key. */
export function prefixOf(text: string): string | undefined {
  return FORM.exec(text)?.groups?.['prefix'];
}

export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** K3. Both are hashes, and so of one length. */
export function areEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
