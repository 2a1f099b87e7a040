// A secret that only the browser of its session can have opened: it is encrypted with a key made of
// the session's id, and that is kept nowhere but in a cookie.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function sealed(sessionId: string, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(sessionId), nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** @throws Error if it was sealed for another session, or has been altered */
export function unsealed(sessionId: string, secret: Buffer): string {
  const nonce = secret.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, keyOf(sessionId), nonce);
  decipher.setAuthTag(secret.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const body = decipher.update(secret.subarray(NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([body, decipher.final()]).toString('utf8');
}

/** Another than the hash that the table has. */
function keyOf(sessionId: string): Buffer {
  return createHmac('sha256', sessionId).update('refresh token').digest();
}
