// What a signature needs of node:crypto; what is signed stands in the package wire.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Comparing, Hashing } from '@concordat/wire';

export const hashing: Hashing = {
  sha256: (body) => hash('sha256', body, 'hex'),
  hmacSha256: (secret, text) => createHmac('sha256', secret).update(text).digest('hex'),
};

export const comparing: Comparing = {
  isEqual: (one, other) => timingSafeEqual(Buffer.from(one), Buffer.from(other)),
};
