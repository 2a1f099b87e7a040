import { randomBytes } from 'node:crypto';
import type { GlobalTransactionId } from '@concordat/protocols';

/** A UUID of version 7, as a coordinator whose clock shows `at` would make it. */
export function newGtid(at: number = Date.now()): GlobalTransactionId {
  const time = at.toString(16).padStart(12, '0');
  const chance = randomBytes(10).toString('hex');
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${chance.slice(0, 3)}`,
    `8${chance.slice(3, 6)}`,
    chance.slice(6, 18),
  ].join('-') as GlobalTransactionId;
}
